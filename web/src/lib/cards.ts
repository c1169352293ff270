// From a card to a form and back: what was typed, whether it is allowed, and the settings to send. Pure.
import type { Card, Param, Settings, SettingValue } from "./types";

/** What a person typed, by parameter; a parameter that is absent keeps its default. */
export type Draft = Record<string, string>;

export const defaultText = (param: Param): string => String(param.kind.default);

/** `null`, or the allowed range that was left. */
export function problemIn(param: Param, text: string | undefined): { min: number; max: number } | "choice" | null {
  const { kind } = param;
  if (text === undefined) return null;
  if (kind.type === "int" || kind.type === "float") {
    const value = text.trim() === "" ? NaN : Number(text);
    const whole = kind.type === "float" || Number.isInteger(value);
    return Number.isFinite(value) && whole && value >= kind.min && value <= kind.max ? null : { min: kind.min, max: kind.max };
  }
  if (kind.type === "choice") return kind.options.includes(text) ? null : "choice";
  return null;
}

function valueOf(param: Param, text: string): SettingValue {
  switch (param.kind.type) {
    case "int":
    case "float":
      return Number(text);
    case "bool":
      return text === "true";
    default:
      return text;
  }
}

/** Only what differs from the defaults is sent, so that a later default is not pinned by accident. */
export function settingsOf(card: Card, draft: Draft): Settings {
  const settings: Settings = {};
  for (const param of card.params) {
    const text = draft[param.name];
    if (text === undefined) continue;
    const value = valueOf(param, text);
    if (value !== param.kind.default) settings[param.name] = value;
  }
  return settings;
}

export const changedCount = (card: Card, draft: Draft): number => Object.keys(settingsOf(card, draft)).length;
