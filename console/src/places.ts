// Where one can go: address, icon, who may, and the page's code, fetched when it is needed.

import BookOpenText from '@lucide/svelte/icons/book-open-text';
import CircleUser from '@lucide/svelte/icons/circle-user-round';
import GraduationCap from '@lucide/svelte/icons/graduation-cap';
import Inbox from '@lucide/svelte/icons/inbox';
import MessageSquareText from '@lucide/svelte/icons/message-square-text';
import MessagesSquare from '@lucide/svelte/icons/messages-square';
import Package from '@lucide/svelte/icons/package';
import Settings from '@lucide/svelte/icons/settings-2';
import Users from '@lucide/svelte/icons/users';
import type { Component } from 'svelte';
import type { Dictionary } from './i18n/en';

interface Place {
  name: keyof Dictionary['nav'];
  href: string;
  icon: Component<{ size?: number; strokeWidth?: number }>;
  /** Only for admins. */
  admin?: boolean;
  load?: () => Promise<{ default: Component }>;
}

export const places: Place[] = [
  { name: 'desk', href: '/desk', icon: MessagesSquare },
  { name: 'answers', href: '/answers', icon: BookOpenText, load: () => import('./pages/answers/Answers.svelte') },
  { name: 'learning', href: '/learning', icon: GraduationCap, load: () => import('./pages/learning/Learning.svelte') },
  { name: 'orders', href: '/orders', icon: Package, load: () => import('./pages/orders/Orders.svelte') },
  { name: 'canned', href: '/canned', icon: MessageSquareText, load: () => import('./pages/canned/Canned.svelte') },
  { name: 'inboxes', href: '/inboxes', icon: Inbox, admin: true, load: () => import('./pages/inboxes/Inboxes.svelte') },
  { name: 'agents', href: '/agents', icon: Users, admin: true, load: () => import('./pages/agents/Agents.svelte') },
  { name: 'settings', href: '/settings', icon: Settings, admin: true, load: () => import('./pages/settings/Settings.svelte') },
  { name: 'account', href: '/account', icon: CircleUser, load: () => import('./pages/Account.svelte') },
];
