// Lists that the server keeps and several components read: cached under one name each.

import { QueryClient, createQuery } from '@tanstack/svelte-query';
import * as calls from '../api/calls';
import { ApiError } from '../api/client';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, cause) => count < 2 && cause instanceof ApiError && (cause.unanswered || cause.status >= 500),
      refetchOnWindowFocus: false,
    },
  },
});

const long = 5 * 60_000;

export const useChannels = () =>
  createQuery(() => ({ queryKey: ['channels'], queryFn: calls.channels, staleTime: Infinity, select: (page) => page.items }));
export const useInboxes = () =>
  createQuery(() => ({ queryKey: ['inboxes'], queryFn: calls.inboxes, select: (page) => page.items }));
export const useAgents = () =>
  createQuery(() => ({ queryKey: ['agents'], queryFn: calls.agents, staleTime: long, select: (page) => page.items }));
export const useCannedReplies = () =>
  createQuery(() => ({ queryKey: ['canned'], queryFn: calls.cannedReplies, staleTime: long, select: (page) => page.items }));
export const useAnswers = () =>
  createQuery(() => ({ queryKey: ['answers', ''], queryFn: () => calls.answers(), staleTime: long, select: (page) => page.items }));
export const useLearning = () => createQuery(() => ({ queryKey: ['learning'], queryFn: calls.learning }));
export const useCounts = () => createQuery(() => ({ queryKey: ['counts'], queryFn: calls.counts }));
export const useCustomer = (id: () => string) =>
  createQuery(() => ({ queryKey: ['customer', id()], queryFn: () => calls.customer(id()) }));

export function renew(...keys: string[]): void {
  for (const key of keys) void queryClient.invalidateQueries({ queryKey: [key] });
}
