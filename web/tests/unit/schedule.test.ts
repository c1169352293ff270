// Times of scheduled jobs in words.

import { expect, test } from "vitest";

import { en } from "../../src/i18n/en";
import { zh } from "../../src/i18n/zh";
import { timesText } from "../../src/lib/schedule";

test("times are said as people say them", () => {
  for (const [at, english, chinese] of [
    ["03:00", "every day at 03:00", "每天 03:00"],
    ["mon,thu 03:00", "Mon, Thu at 03:00", "每周一、周四 03:00"],
    ["1 06:30", "on day 1 of each month at 06:30", "每月 1 日 06:30"],
    ["after train", "whenever train has ended well", "“train”成功结束后"],
  ] as const) {
    expect(timesText(at, en.jobs.schedule)).toBe(english);
    expect(timesText(at, zh.jobs.schedule)).toBe(chinese);
  }
});
