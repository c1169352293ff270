// What charts of plans have in common: the frame of a tooltip, the band between two lines, a bar with its interval.
import type { EChartsCoreOption } from "./echarts";
import type { Palette } from "./palette";

export interface CustomApi {
  value: (dimension: number) => number;
  coord: (point: [number, number]) => [number, number];
}

/** The tooltip is an element of ours; what ECharts lays around it is taken away. */
export const TOOLTIP = { confine: true, padding: 0, borderWidth: 0, backgroundColor: "transparent", extraCssText: "box-shadow:none" } as const;

export const pointerLine = (palette: Palette): object => ({ type: "line", lineStyle: { color: palette.muted, type: "solid", width: 1 } });

export const valueAxis = (palette: Palette, formatter: (n: number) => string, more: object = {}): object => ({
  type: "value", axisLabel: { color: palette.muted, fontSize: 11, hideOverlap: true, formatter }, splitLine: { lineStyle: { color: palette.border } }, ...more,
});

/** The area between a low and a high line. Points are (x, low, high), x as the axis counts it. */
export function band(points: readonly [number, number, number][], color: string, opacity = 0.18): object {
  return {
    type: "custom", silent: true, z: 1, encode: { x: 0, y: [1, 2] }, data: points, tooltip: { show: false },
    renderItem: ({ dataIndex }: { dataIndex: number }, api: CustomApi) => {
      if (dataIndex !== 0 || points.length < 2) return undefined;
      const edge = [...points.map(([x, low]) => api.coord([x, low])), ...points.toReversed().map(([x, , high]) => api.coord([x, high]))];
      return { type: "polygon", shape: { points: edge }, style: { fill: color, opacity } };
    },
  };
}

/** The parts of an interval drawn along y: a line with short ends. */
export function whisker(left: number, right: number, y: number, color: string, half = 4): object[] {
  const line = (x1: number, y1: number, x2: number, y2: number): object => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: color, lineWidth: 1.75 } });
  return [line(left, y, right, y), line(left, y - half, left, y + half), line(right, y - half, right, y + half)];
}

/** The place of the pointer among the points of a category axis; -1 outside. */
export const indexIn = (at: { dataIndex: number; seriesType?: string }[]): number => at.find((one) => one.seriesType !== "custom")?.dataIndex ?? -1;

export type { EChartsCoreOption };
