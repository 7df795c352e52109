// This browser's drafts.

import { Drafts } from './drafts';

export const drafts = new Drafts(localStorage);
