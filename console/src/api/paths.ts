// Stands where the generated `schema.d.ts` will: every path takes anything, and
// `calls.ts` says what comes back.

interface Operation {
  parameters: {
    query?: Record<string, string | number | boolean | undefined>;
    path?: Record<string, string>;
    header?: never;
    cookie?: never;
  };
  requestBody?: { content: { 'application/json': any } };
  responses: { 200: { content: { 'application/json': any } } };
}

type Methods = 'get' | 'put' | 'post' | 'delete' | 'patch';

export type paths = Record<`/api/v1/${string}`, { [method in Methods]: Operation }>;
