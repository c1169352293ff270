// Draws hundreds of thousands of dots in a blink: by a small WebGL program, or pixel by pixel where there is no WebGL.
import { SPAN, toScreen, type View } from "./map";

export interface Scene {
  view: View;
  /** Canvas pixels in one pixel of the page. */
  ratio: number;
  colors: [number, number, number][];
  hidden: ReadonlySet<number>;
  /** Width of a dot in pixels of the page. */
  size: number;
  alpha: number;
}

export interface Painter {
  paint: (scene: Scene) => void;
  free: () => void;
}

const N_COLORS = 32;

const VERTEX = `
attribute vec2 place;
attribute float kind;
uniform vec4 frame;
uniform float size;
uniform vec4 colors[${N_COLORS}];
varying vec4 color;
void main() {
  color = colors[int(mod(kind, ${N_COLORS}.0))];
  gl_Position = color.a > 0.0 ? vec4(place * frame.xy + frame.zw, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size;
}`;

const FRAGMENT = `
precision mediump float;
varying vec4 color;
void main() {
  vec2 off = gl_PointCoord - 0.5;
  float edge = 1.0 - smoothstep(0.18, 0.25, dot(off, off));
  gl_FragColor = vec4(color.rgb, 1.0) * color.a * edge;
}`;

function program(gl: WebGLRenderingContext): WebGLProgram | null {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) return null;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  return gl.getProgramParameter(made, gl.LINK_STATUS) ? made : null;
}

/** `points` holds x, y and group of each customer in turn. */
export function painterFor(canvas: HTMLCanvasElement, points: Uint16Array<ArrayBuffer>): Painter {
  // WebGL without a graphics card is three times slower than setting pixels: then there is none, as far as we care.
  const gl = canvas.getContext("webgl", { antialias: false, alpha: true, premultipliedAlpha: true, failIfMajorPerformanceCaveat: true });
  const made = gl === null ? null : program(gl);
  return gl !== null && made !== null ? byWebgl(gl, made, points) : byPixels(canvas, points);
}

function byWebgl(gl: WebGLRenderingContext, made: WebGLProgram, points: Uint16Array<ArrayBuffer>): Painter {
  const buffer = gl.createBuffer();
  const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(made, name);
  const [frame, size, colors] = [at("frame"), at("size"), at("colors")];
  const [place, kind] = [gl.getAttribLocation(made, "place"), gl.getAttribLocation(made, "kind")];
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, points, gl.STATIC_DRAW);
  return {
    paint(scene) {
      const { width, height } = gl.canvas;
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.useProgram(made);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 2, gl.UNSIGNED_SHORT, true, 6, 0);
      gl.enableVertexAttribArray(kind);
      gl.vertexAttribPointer(kind, 1, gl.UNSIGNED_SHORT, false, 6, 4);
      // The same mapping as on the page, in the -1…1 of the graphics processor.
      const [left, bottom] = toScreen(scene.view, 2, 2, 0, 0);
      const [right, top] = toScreen(scene.view, 2, 2, SPAN, SPAN);
      gl.uniform4f(frame, right - left, bottom - top, left - 1, 1 - bottom);
      gl.uniform1f(size, scene.size * scene.ratio);
      const flat = new Float32Array(N_COLORS * 4);
      scene.colors.slice(0, N_COLORS).forEach(([r, g, b], one) => flat.set([r, g, b, scene.hidden.has(one) ? 0 : scene.alpha], one * 4));
      gl.uniform4fv(colors, flat);
      gl.drawArrays(gl.POINTS, 0, points.length / 3);
    },
    free() {
      gl.deleteBuffer(buffer);
      gl.deleteProgram(made);
    },
  };
}

function byPixels(canvas: HTMLCanvasElement, points: Uint16Array<ArrayBuffer>): Painter {
  const pen = canvas.getContext("2d");
  return {
    paint(scene) {
      if (pen === null) return;
      const { width, height } = canvas;
      const image = pen.createImageData(width, height);
      const pixels = new Uint32Array(image.data.buffer);
      const alpha = Math.round(255 * Math.min(1, scene.alpha + 0.5));
      const colors = scene.colors.map(([r, g, b], at) =>
        scene.hidden.has(at) ? 0 : ((alpha << 24) | (Math.round(b * 255) << 16) | (Math.round(g * 255) << 8) | Math.round(r * 255)) >>> 0,
      );
      const [left, bottom] = toScreen(scene.view, width, height, 0, 0);
      const [right, top] = toScreen(scene.view, width, height, SPAN, SPAN);
      const [across, up] = [(right - left) / SPAN, (bottom - top) / SPAN];
      const side = Math.max(1, Math.round(scene.size * scene.ratio * 0.7));
      for (let at = 0; at < points.length; at += 3) {
        const color = colors[points[at + 2]!] ?? 0;
        if (color === 0) continue;
        const x = (left + points[at]! * across) | 0;
        const y = (bottom - points[at + 1]! * up) | 0;
        if (x < 0 || y < 0 || x + side > width || y + side > height) continue;
        for (let row = 0; row < side; row += 1) pixels.fill(color, (y + row) * width + x, (y + row) * width + x + side);
      }
      pen.putImageData(image, 0, 0);
    },
    free() {},
  };
}
