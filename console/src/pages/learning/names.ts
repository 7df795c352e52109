// Targets in words.

import type { Answer, Target } from '../../api/types';
import { fold } from '../../desk/reply/canned';
import type { Dictionary } from '../../i18n/en';

export function nameOf({ kind, target }: { kind: string; target: string }, answers: Answer[] | undefined, words: Dictionary): string {
  if (kind === 'not_mine') return words.learning.notMine;
  if (kind === 'intent') return intentName(target, words);
  if (!answers) return '…';
  return answers.find((answer) => answer.id === target)?.title ?? words.learning.gone;
}

export function intentName(name: string, words: Dictionary): string {
  return (words.intents as Record<string, string>)[name] ?? name.replaceAll('_', ' ');
}

export interface Choice extends Target {
  name: string;
}

/** Everything that a message may mean, as far as it has the words: in its name first, then in an answer's questions. */
export function choices(answers: Answer[], words: Dictionary, search = ''): { answers: Choice[]; intents: Choice[] } {
  const wanted = fold(search.trim());
  const named = (choice: Choice) => fold(choice.name).includes(wanted);
  const asked = (answer: Answer) => fold([...answer.vi.questions, ...answer.en.questions].join('\n')).includes(wanted);
  return {
    answers: answers
      .filter((answer) => answer.enabled)
      .map((answer) => ({ answer, choice: { kind: 'answer' as const, target: answer.id, name: answer.title } }))
      .filter(({ answer, choice }) => named(choice) || asked(answer))
      .map(({ choice }) => choice)
      .sort((a, b) => Number(named(b)) - Number(named(a))),
    intents: Object.keys(words.intents)
      .map((target) => ({ kind: 'intent' as const, target, name: intentName(target, words) }))
      .filter(named),
  };
}
