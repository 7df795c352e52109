// Whether lines are CSV or JSON: by the file's name, else by how they begin.

export function formatOf(text: string, name: string): 'text/csv' | 'application/jsonl' {
  if (/\.(jsonl|ndjson)$/i.test(name)) return 'application/jsonl';
  if (/\.csv$/i.test(name)) return 'text/csv';
  return text.trimStart().startsWith('{') ? 'application/jsonl' : 'text/csv';
}
