import type { Finding, Path } from '../problem.js';
import type { Rule, RuleContext, Sections } from './rule.js';

export const checkResources: Rule = ({ trainer }) => {
  const { memoryMiB, memoryMiBMax } = trainer?.resources ?? {};
  if (memoryMiB === undefined || memoryMiBMax === undefined || memoryMiB <= memoryMiBMax) return [];
  const path = ['spec', 'trainer', 'resources', 'memoryMiB'];
  return [
    {
      path,
      severity: 'error',
      expected: `at most memoryMiBMax (${memoryMiBMax})`,
      found: String(memoryMiB),
      remedy: 'a starved job is tried again with more, up to memoryMiBMax: make that the larger one',
    },
  ];
};

/** What travels with a job has to lie beside the model file, and what is run has to travel. */
export const checkFiles: Rule = (sections, context) => [
  ...checkExistence(sections, context),
  ...checkEntrypoint(sections),
  ...checkCommand(sections),
  ...checkUri(sections),
];

function checkExistence({ data, trainer }: Sections, { fileExists }: RuleContext): Finding[] {
  if (fileExists === null) return [];
  const source =
    data?.source.kind === 'python'
      ? data.source.files.map((file, index) => ({ file, path: ['spec', 'data', 'source', 'files', index] }))
      : [];
  const trained = (trainer?.files ?? []).map((file, index) => ({ file, path: ['spec', 'trainer', 'files', index] }));
  return [...source, ...trained].flatMap(({ file, path }): Finding[] =>
    fileExists(file)
      ? []
      : [
          {
            path,
            severity: 'error',
            expected: 'a file or folder beside the model file',
            found: `no "${file}" there`,
            remedy: 'paths are relative to the folder of the model file',
          },
        ],
  );
}

function checkEntrypoint({ data }: Sections): Finding[] {
  if (data?.source.kind !== 'python') return [];
  const module = data.source.entrypoint.split(':')[0]!.replaceAll('.', '/');
  const candidates = [`${module}.py`, `${module}/__init__.py`];
  if (data.source.files.some((file) => candidates.some((candidate) => travelsWith(candidate, file)))) return [];
  return [
    {
      path: ['spec', 'data', 'source', 'files'],
      severity: 'error',
      expected: `${candidates[0]}, which entrypoint names`,
      found: data.source.files.join(', '),
      remedy: `add ${candidates[0]}`,
    },
  ];
}

function checkCommand({ trainer }: Sections): Finding[] {
  if (trainer === null) return [];
  return trainer.command.flatMap((word, index): Finding[] => {
    const isScript = /^[\w./-]+\.(?:py|sh|R|jl)$/.test(word) && !word.startsWith('/');
    if (!isScript || trainer.files.some((file) => travelsWith(word.replace(/^\.\//, ''), file))) return [];
    const path: Path = ['spec', 'trainer', 'command', index];
    return [
      {
        path,
        severity: 'error',
        expected: 'a program of the environment, or a file of trainer.files',
        found: `"${word}"`,
        remedy: `add ${word} to trainer.files: only those travel with the job`,
      },
    ];
  });
}

function checkUri({ data }: Sections): Finding[] {
  if (data?.source.kind !== 'parquet' || /^(?:file:\/\/\/|s3:\/\/[^/]+\/)./.test(data.source.uri)) return [];
  return [
    {
      path: ['spec', 'data', 'source', 'uri'],
      severity: 'error',
      expected: 'file:///absolute/path or s3://bucket/path',
      found: `"${data.source.uri}"`,
      remedy: 'write the address out: jobs run in folders of their own',
    },
  ];
}

/** A listed file, or one below a listed folder. */
function travelsWith(path: string, listed: string): boolean {
  const folder = listed.replace(/^\.\//, '').replace(/\/$/, '');
  return path === folder || path.startsWith(`${folder}/`) || folder === '.';
}
