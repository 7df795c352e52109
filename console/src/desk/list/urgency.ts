// How loudly a waiting time is shown.

const MINUTE = 60_000;

export type Urgency = 'calm' | 'soon' | 'late';

export function urgency(waited: number): Urgency {
  if (waited < 5 * MINUTE) return 'calm';
  return waited < 15 * MINUTE ? 'soon' : 'late';
}
