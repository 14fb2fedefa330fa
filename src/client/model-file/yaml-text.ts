import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node, type Pair, visit } from 'yaml';
import type { Finding, Path } from './problem.js';

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A finding of the YAML parser, which knows its place itself. */
export interface PlacedFinding {
  readonly finding: Finding;
  readonly place: Place;
}

export interface YamlText {
  /** The document as plain values; undefined where it could not be read. */
  readonly value: unknown;
  readonly problems: readonly PlacedFinding[];
  /** Where the value (or key) of a path stands; for a path that does not exist, its nearest ancestor's key. */
  place(path: Path, atKey?: boolean): Place;
}

const START: Place = { line: 1, column: 1 };

/** Reads one YAML 1.2 document and keeps where everything stands. Never throws. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (!Array.isArray(documents) || documents[0] === undefined) {
    return unreadable([
      { place: START, finding: syntax('an empty file', 'start from an example, or from `ratchet schema`', 'a model file') },
    ]);
  }
  const document = documents[0] as Document.Parsed;
  const problems: PlacedFinding[] = document.errors.map((error) => ({
    place: at(error.pos[0]),
    finding: explainSyntax(error.code, error.message),
  }));
  const second = documents[1];
  if (second !== undefined) {
    const remedy = 'one model is one file: put the second one into a file of its own, and remove the `---`';
    problems.push({
      place: at(second.contents?.range?.[0] ?? second.range[0]),
      finding: syntax('a second document', remedy, 'one YAML document'),
    });
  }
  if (problems.length > 0) return unreadable(problems);
  const dangling = danglingAlias(document);
  if (dangling !== null) {
    const remedy = 'define it above with `&name`, or put the text in quotes';
    return unreadable([
      { place: at(dangling.offset), finding: syntax(`*${dangling.name}, which is defined nowhere`, remedy, 'the name of an anchor') },
    ]);
  }
  const endless = endlessAlias(document);
  if (endless !== null) {
    const remedy = 'write the value out, or name an anchor that ends before the alias';
    return unreadable([
      { place: at(endless.offset), finding: syntax(`*${endless.name}, which holds itself`, remedy, 'the name of an anchor above') },
    ]);
  }
  try {
    return { value: document.toJS(), problems: [], place: (path, atKey) => placeOf(document, path, atKey ?? false, at) };
  } catch (error) {
    // Aliases of aliases that would fill the memory.
    return unreadable([
      { place: START, finding: syntax((error as Error).message, 'write the values out instead of using aliases', 'plain values') },
    ]);
  }
}

function danglingAlias(document: Document.Parsed): { name: string; offset: number } | null {
  let found: { name: string; offset: number } | null = null;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) === undefined) found = { name: alias.source, offset: alias.range?.[0] ?? 0 };
      return found === null ? undefined : visit.BREAK;
    },
  });
  return found;
}

/** An alias inside the very node that it names: a value without end. */
function endlessAlias(document: Document.Parsed): { name: string; offset: number } | null {
  let found: { name: string; offset: number } | null = null;
  visit(document, {
    Alias(_key, alias, ancestors) {
      const target = alias.resolve(document);
      if (ancestors.some((ancestor) => ancestor === target)) found = { name: alias.source, offset: alias.range?.[0] ?? 0 };
      return found === null ? undefined : visit.BREAK;
    },
  });
  return found;
}

function unreadable(problems: readonly PlacedFinding[]): YamlText {
  return { value: undefined, problems, place: () => START };
}

function syntax(found: string, remedy: string, expected = 'YAML'): Finding {
  return { path: [], severity: 'error', expected, found, remedy };
}

function explainSyntax(code: string, message: string): Finding {
  const sentence = message.replace(/\.?\s*$/, '');
  if (code === 'DUPLICATE_KEY') {
    return syntax('the same key twice in one map', 'remove one of them: which of the two counts would be luck', 'each key once');
  }
  if (code === 'BAD_INDENT' && message.startsWith('Flow')) {
    return syntax('a list or map that is not closed on its line or indented on the next', 'close it with ] or }, or indent what follows');
  }
  if (code === 'TAB_AS_INDENT') return syntax('a tab', 'indent with spaces', 'spaces');
  return syntax(`${sentence[0]?.toLowerCase() ?? ''}${sentence.slice(1)}`, 'correct the YAML here or in the line above');
}

function placeOf(document: Document.Parsed, path: Path, atKey: boolean, at: (offset: number) => Place): Place {
  let node: Node | null = document.contents;
  let key: Node | null = null;
  for (const part of path) {
    const step = descend(document, node, part);
    if (step === null) return startOf(key ?? node, at);
    ({ key, node } = step);
  }
  return startOf((atKey ? key : node) ?? key ?? node, at);
}

/** The child of a map or list; for a list, the "key" is the item itself. */
function descend(document: Document.Parsed, node: Node | null, part: string | number): { key: Node | null; node: Node | null } | null {
  const parent = isAlias(node) ? (node.resolve(document) ?? null) : node;
  if (isSeq(parent) && typeof part === 'number') {
    const item = parent.items[part] as Node | undefined;
    return item === undefined ? null : { key: item, node: item };
  }
  if (!isMap(parent)) return null;
  const pair = parent.items.find(
    (entry): entry is Pair<Node, Node | null> => isPair(entry) && isScalar(entry.key) && String(entry.key.value) === String(part),
  );
  return pair === undefined ? null : { key: pair.key, node: pair.value };
}

function startOf(node: Node | null, at: (offset: number) => Place): Place {
  return node?.range ? at(node.range[0]) : START;
}
