// A tree of groups (a dendrogram) as lines: where leaves stand, where branches meet, and where the tree is cut. Pure.
import type { GroupTree } from "../lib/types";

export interface Branch {
  /** Two feet and the height of the bar that joins them. */
  left: number;
  right: number;
  leftFoot: number;
  rightFoot: number;
  height: number;
  n_customers: number;
  /** The group that all leaves below share; `null` above that. */
  group: string | null;
}

export interface Layout {
  leaves: { id: number; x: number; n_customers: number; group: string }[];
  branches: Branch[];
  top: number;
  /** The height below which each branch is one group; `null` if the groups are not what a cut would give. */
  cut: number | null;
}

/** Leaves stand at 0, 1, 2… in the service's order; merges over what is not there are left out. */
export function layoutTree(tree: GroupTree): Layout {
  const place = new Map(tree.order.map((id, at) => [id, at]));
  const n = tree.leaves.length;
  type Node = { x: number; y: number; n_customers: number; group: string | null };
  const nodes = new Map<number, Node>();
  const leaves = tree.leaves.map((leaf, at) => ({ ...leaf, x: place.get(leaf.id) ?? at })).sort((a, b) => a.x - b.x);
  for (const leaf of leaves) nodes.set(leaf.id, { x: leaf.x, y: 0, n_customers: leaf.n_customers, group: leaf.group });
  const branches: Branch[] = [];
  tree.merges.forEach(([a, b, height], at) => {
    const [one, two] = [nodes.get(a), nodes.get(b)];
    if (one === undefined || two === undefined) return;
    const [left, right] = one.x <= two.x ? [one, two] : [two, one];
    const group = left.group !== null && left.group === right.group ? left.group : null;
    const n_customers = left.n_customers + right.n_customers;
    branches.push({ left: left.x, right: right.x, leftFoot: left.y, rightFoot: right.y, height, n_customers, group });
    nodes.set(n + at, { x: (left.x + right.x) / 2, y: height, n_customers, group });
  });
  const top = Math.max(0, ...branches.map((branch) => branch.height));
  return { leaves, branches, top, cut: cutFor(branches, new Set(leaves.map((leaf) => leaf.group)).size) };
}

/** Groups that were found otherwise, as by K-Means, may lie across branches: then no line would say something true. */
function cutFor(branches: readonly Branch[], n_groups: number): number | null {
  const heights = branches.map((branch) => branch.height).sort((a, b) => b - a);
  if (n_groups < 2 || heights.length < n_groups - 1) return null;
  const above = heights[n_groups - 2]!;
  const below = heights[n_groups - 1] ?? 0;
  const isPure = branches.every((branch) => branch.height >= above || branch.group !== null);
  return above > below && isPure ? (above + below) / 2 : null;
}
