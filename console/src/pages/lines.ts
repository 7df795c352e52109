// Lists that are typed one a line.

export const toLines = (values: readonly string[] | undefined): string => (values ?? []).join('\n');

export const fromLines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
