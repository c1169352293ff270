import { describe, expect, it } from "vitest";
import { METHODS, trainParams, wantedLike } from "../../src/lib/train";

describe("training", () => {
  it("asks for what was chosen and nothing else", () => {
    expect(trainParams({ by: "behaviour", algorithm: "k_means", n_clusters: null })).toEqual({ by: "behaviour" });
    expect(trainParams({ by: "taste", algorithm: "k_means", n_clusters: 6 })).toEqual({ by: "taste", n_clusters: 6 });
    expect(trainParams({ by: "behaviour", algorithm: "hierarchical", n_clusters: 4 })).toEqual({ by: "behaviour", algorithm: "hierarchical", n_clusters: 4 });
    // A method that finds the number itself is not given one.
    expect(trainParams({ by: "behaviour", algorithm: "hdbscan", n_clusters: 4 })).toEqual({ by: "behaviour", algorithm: "hdbscan" });
  });
  it("refuses numbers that the service refuses", () => {
    for (const n of [1, 51, 2.5, Number.NaN]) expect(trainParams({ by: "behaviour", algorithm: "k_means", n_clusters: n })).toBeNull();
  });
  it("begins as the present groups were found", () => {
    const groups = [1, 2, 3, 4].map(() => ({}) as never);
    expect(wantedLike(null)).toEqual({ by: "behaviour", algorithm: "k_means", n_clusters: null });
    expect(wantedLike({ by: "taste", card: "hierarchical", choice: null, groups })).toEqual({ by: "taste", algorithm: "hierarchical", n_clusters: 4 });
    expect(wantedLike({ by: "behaviour", card: "k_means", choice: { recommended: 4, curve: [] }, groups }).n_clusters).toBeNull();
    expect(wantedLike({ by: "behaviour", card: "dbscan", choice: null, groups }).algorithm).toBe(METHODS[0].card);
  });
});
