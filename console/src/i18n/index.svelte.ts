// Which language the console speaks, and its words: `t().list.search`.

import type { Language } from '../api/types';
import { en, type Dictionary } from './en';
import { vi } from './vi';

export const dictionaries: Record<Language, Dictionary> = { vi, en };

const KEPT = 'onethread.language';

class Speech {
  language: Language = $state(firstLanguage());

  speak(language: Language): void {
    this.language = language;
    document.documentElement.lang = language;
    localStorage.setItem(KEPT, language);
  }
}

function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  const language = kept === 'vi' || kept === 'en' ? kept : navigator.language.toLowerCase().startsWith('vi') ? 'vi' : 'en';
  document.documentElement.lang = language;
  return language;
}

export const speech = new Speech();

export function t(): Dictionary {
  return dictionaries[speech.language];
}
