// English counts one thing otherwise than many.
export const count = (n: string, one: string, many: string): string => `${n} ${n === "1" ? one : many}`;
