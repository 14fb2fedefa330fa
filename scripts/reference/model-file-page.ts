import { modelFileSchema, type SchemaNode } from '../../src/client/model-file/schema-tree.js';
import { GENERATED, tableRow } from './markdown.js';

const INTRODUCTION = `# Model file

One YAML file describes one model: where its rows come from, how it is trained, what must be proven and who signs.
\`ratchet lint -f model.yaml\` checks it, \`ratchet apply -f model.yaml\` puts it in force, \`ratchet schema\` prints
[its JSON Schema](model.schema.json). A cycle keeps the file that it started with. Unknown keys are refused; a unit stands last in
its key's name. A whole one: [examples/flight-lateness/model.yaml](../../examples/flight-lateness/model.yaml).
`;

const BEYOND = `## What lint checks beyond the single keys

- **Errors.** No threshold besides slices; limits that a metric can never reach, or \`min\` above \`max\`; margins so wide that they let everything
  through; gates on metrics or slices that are not evaluated; columns that are declared nowhere; a label among the features; a holdout
  as long as the window, or a start too late to train; labels that the model's own output makes, without a reason why they are good
  enough; an unknown time zone, a cron line that can never fire; more votes asked than people may sign, an escalation after the end;
  memory above its ceiling; files that are not there, or that a command or entrypoint needs and that do not travel with the job.
- **Warnings.** A holdout of fewer than ten days when blocks are days (every comparison would be inconclusive); no gate against the
  champion; \`whenNoChampion: fail\`, under which no model ever becomes the first; an AUC limit that a coin reaches; an escalation
  without a receiver.
- **Infos.** What the stated window can detect at all: the improvement that will be proven in 8 of 10 cycles, and how often an equally
  good challenger passes a non-inferiority margin.
`;

/** docs/reference/model-file.md */
export function modelFilePage(): string {
  return [GENERATED, INTRODUCTION, ...sectionsOf(modelFileSchema(), ''), BEYOND].join('\n');
}

/** One table for a map and, below it, one for each map inside it. */
function sectionsOf(node: SchemaNode, path: string): string[] {
  const properties = Object.entries(node.properties ?? {});
  const table = properties.length === 0 ? [] : keyTable(node);
  const nested = properties.flatMap(([key, child]) => nestedSections(child, path === '' ? key : `${path}.${key}`));
  return [...table, ...nested];
}

/** The keys of one map. */
export function keyTable(node: SchemaNode): string[] {
  return [
    tableRow(['key', 'value', 'default', 'meaning']),
    tableRow(['---', '---', '---', '---']),
    ...Object.entries(node.properties ?? {}).map(([key, child]) => keyRow(key, child, node.required?.includes(key) ?? false)),
    '',
  ];
}

function nestedSections(child: SchemaNode, path: string): string[] {
  const inner = child.items ?? child;
  const name = child.items ? `${path}[]` : path;
  const heading = [`## \`${name}\``, '', ...(child.description ? [child.description, ''] : [])];
  const options = inner.anyOf ?? inner.oneOf;
  if (options?.every((option) => option.properties)) {
    return [...heading, 'One of:', '', ...options.flatMap((option) => sectionsOf(option, name))];
  }
  return inner.properties ? [...heading, ...sectionsOf(inner, name)] : [];
}

function keyRow(key: string, node: SchemaNode, required: boolean): string {
  const isMap = node.properties !== undefined;
  const standard = node.default === undefined || isMap ? (required ? '*required*' : '') : `\`${JSON.stringify(node.default)}\``;
  return tableRow([`\`${key}\``, valueWords(node), standard, node.description ?? '']);
}

/** What may be written: `a whole number, at least 1`. */
function valueWords(node: SchemaNode): string {
  const options = node.anyOf ?? node.oneOf;
  if (options !== undefined)
    return options.every((option) => option.properties) ? 'a map' : [...new Set(options.map(valueWords))].join(' or ');
  if (node.const !== undefined) return literalWords(node.const);
  if (node.enum !== undefined) return node.enum.map(literalWords).join(', ');
  switch (node.type) {
    case 'array':
      return `a list${node.minItems === undefined ? '' : `, at least ${node.minItems}`}${node.items?.properties ? '' : ` of: ${valueWords(node.items ?? {})}`}`;
    case 'object':
      return 'a map';
    case 'integer':
    case 'number':
      return [node.type === 'integer' ? 'a whole number' : 'a number', ...boundWords(node)].join(', ');
    case 'boolean':
      return '`true`, `false`';
    case 'string':
      return node.format === 'date-time' ? 'a time with its offset' : 'a text';
    default:
      return 'anything';
  }
}

function literalWords(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function boundWords(node: SchemaNode): string[] {
  const words: string[] = [];
  if (node.exclusiveMinimum !== undefined) words.push(`more than ${node.exclusiveMinimum}`);
  if (node.minimum !== undefined) words.push(`at least ${node.minimum}`);
  if (node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER) words.push(`at most ${node.maximum}`);
  return words;
}
