// From a table of movements between kinds of customers to what a Sankey chart takes. Pure.

export interface Flow {
  from: number;
  to: number;
  n: number;
}

export interface Flows {
  /** Kinds with anybody on that side, by index. */
  left: number[];
  right: number[];
  flows: Flow[];
  n_moved: number;
  n_stayed: number;
}

/** Every movement of at least one customer, the largest first. */
export function flowsOf(counts: readonly (readonly number[])[]): Flows {
  const flows: Flow[] = [];
  counts.forEach((row, from) => row.forEach((n, to) => n > 0 && flows.push({ from, to, n })));
  flows.sort((a, b) => b.n - a.n);
  const unique = (side: "from" | "to"): number[] => [...new Set(flows.map((flow) => flow[side]))].sort((a, b) => a - b);
  const sum = (keep: (flow: Flow) => boolean): number => flows.filter(keep).reduce((total, flow) => total + flow.n, 0);
  return {
    left: unique("from"),
    right: unique("to"),
    flows,
    n_stayed: sum((flow) => flow.from === flow.to),
    n_moved: sum((flow) => flow.from !== flow.to),
  };
}

/** Names of nodes: a kind stands on both sides, and a chart knows nodes by name alone. */
export const nodeName = (side: "from" | "to", at: number): string => `${side}:${at}`;

export function sankeyData(flows: Flows): { nodes: { name: string; depth: number }[]; links: { source: string; target: string; value: number }[] } {
  return {
    nodes: [
      ...flows.left.map((at) => ({ name: nodeName("from", at), depth: 0 })),
      ...flows.right.map((at) => ({ name: nodeName("to", at), depth: 1 })),
    ],
    links: flows.flows.map(({ from, to, n }) => ({ source: nodeName("from", from), target: nodeName("to", to), value: n })),
  };
}

/** The groups before and now as kinds of one list, so that a group that goes on is the same kind on both sides. */
export function regrouping<Name>(
  present: readonly { key: string; name: Name }[],
  before: { groups: readonly { key: string; name: Name }[]; counts: readonly (readonly number[])[] },
): { kinds: { key: string; name: Name }[]; counts: number[][] } {
  const gone = before.groups.filter((one) => !present.some((now) => now.key === one.key));
  const kinds = [...present, ...gone].map(({ key, name }) => ({ key, name }));
  const counts = kinds.map(() => kinds.map(() => 0));
  before.groups.forEach((group, row) => {
    const from = kinds.findIndex((kind) => kind.key === group.key);
    present.forEach((_, to) => (counts[from]![to] = before.counts[row]?.[to] ?? 0));
  });
  return { kinds, counts };
}
