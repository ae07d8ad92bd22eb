// The interactive map: cells drawn as pixels on a canvas, so that 250,000 move smoothly without a graphics card.
(async () => {
  const data = JSON.parse(document.getElementById("cells").textContent), byId = (id) => document.getElementById(id);
  const n = data.cells, canvas = document.querySelector("#map canvas"), pen = canvas.getContext("2d");
  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  };
  const cache = new Map();
  const load = async (item, key, Type) => {
    const at = item.name + key;
    if (!cache.has(at)) cache.set(at, new Type(await unpack(item[key])));
    return cache.get(at);
  };
  const option = (text, value) => Object.assign(document.createElement("option"), { textContent: text, value });
  const number = (value) => value.toLocaleString("en-US");
  data.maps.forEach((map, i) => byId("map-name").append(option(map.name, i)));
  data.columns.forEach((column, i) => byId("map-column").append(option(column.name.replaceAll("_", " "), i)));
  data.features.forEach((f) => byId("map-features").append(option("", f.kind === "protein" ? `${f.name} (protein)` : f.name)));
  const shown = data.features.length ? await load(data.features[0], "data", Uint8Array) : [];
  const measured = Math.min(n, shown.length * 2);
  byId("map-about").textContent =
    (n < data.total ? `A stratified sample (by sample and subset) of ${number(n)} of ${number(data.total)} cells. ` : `All ${number(n)} analysed cells. `) +
    (data.features.length ? `${number(data.features.length)} marker genes and proteins${measured < n ? `, for a stratified sample of ${number(measured)} cells` : ""}. ` : "") +
    "Distances between far groups of cells mean little.";
  // dark blue to yellow, even steps of lightness (viridis)
  const RAMP = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
  const rgba = (hex) => (0xff000000 | (parseInt(hex.slice(5, 7), 16) << 16) | (parseInt(hex.slice(3, 5), 16) << 8) | parseInt(hex.slice(1, 3), 16)) >>> 0;
  let x, y, paint = new Uint32Array(n), codes, column, feature = null, view = { scale: 1, x: 2048, y: 2048 }, chosen = null, lasso = [];
  const W = canvas.width, H = canvas.height, image = pen.createImageData(W, H), pixels = new Uint32Array(image.data.buffer);
  const scale = () => (Math.min(W, H) / 4400) * view.scale;
  const place = (i) => [W / 2 + (x[i] - view.x) * scale(), H / 2 - (y[i] - view.y) * scale()];
  const draw = () => {
    pixels.fill(0xffffffff);
    const s = scale(), size = n > 60000 && view.scale < 3 ? 2 : view.scale > 6 ? 5 : 3;
    for (let i = n - 1; i >= 0; i--) {
      const px = (W / 2 + (x[i] - view.x) * s) | 0, py = (H / 2 - (y[i] - view.y) * s) | 0;
      if (px < 0 || py < 0 || px >= W - size || py >= H - size) continue;
      const colour = chosen && !chosen[i] ? 0xffe4e4e4 : paint[i];
      for (let dy = 0, at = py * W + px; dy < size; dy++, at += W) for (let dx = 0; dx < size; dx++) pixels[at + dx] = colour;
    }
    pen.putImageData(image, 0, 0);
    if (lasso.length > 1) {
      pen.beginPath();
      lasso.forEach(([a, b]) => pen.lineTo(a, b));
      pen.closePath();
      pen.strokeStyle = "#17202a";
      pen.stroke();
    }
  };
  const legend = () => {
    const counts = new Map(), inside = (i) => !chosen || chosen[i];
    const limit = feature ? measured : n;
    let all = 0;
    for (let i = 0; i < limit; i++) if (inside(i)) { all++; counts.set(codes[i], (counts.get(codes[i]) || 0) + 1); }
    const rows = [];
    const line = (colour, text, level) => {
      const item = document.createElement("li"), dot = document.createElement("i");
      dot.style.background = colour;
      item.append(dot, text);
      if (level !== undefined) {
        const button = Object.assign(document.createElement("button"), { type: "button", title: "select these cells" });
        button.append(...item.childNodes);
        button.addEventListener("click", () => { chosen = codes.map((code) => code === level); draw(); legend(); });
        item.append(button);
      }
      rows.push(item);
    };
    if (!feature && column.levels) {
      column.levels.map((level, k) => [level, counts.get(k) || 0, column.colours[k], k]).sort((a, b) => b[1] - a[1])
        .forEach(([level, count, colour, k]) => line(colour, `${level}: ${number(count)} (${all ? ((100 * count) / all).toFixed(1) : 0}%)`, k));
    } else {
      const low = (feature || column).low, high = (feature || column).high;
      RAMP.forEach((colour, k) => k % 3 === 0 && line(colour, (low + ((high - low) * k) / 9).toPrecision(3)));
      if (feature) line("#ffffff", `above the lowest level: ${number(all - (counts.get(0) || 0))} of ${number(all)} cells`);
    }
    byId("map-legend").replaceChildren(...rows);
    byId("map-count").textContent = chosen ? `${number(all)} cells selected` : `${number(all)} cells`;
  };
  const colour = async () => {
    if (feature) {
      const packed = await load(feature, "data", Uint8Array);
      codes = new Uint8Array(n);
      for (let i = 0; i < n; i++) {
        codes[i] = i < measured ? (i % 2 ? packed[i >> 1] & 15 : packed[i >> 1] >> 4) : 0;
        paint[i] = i < measured ? rgba(RAMP[Math.round((codes[i] * 9) / 15)]) : 0xffeeeeee;
      }
    } else {
      codes = await load(column, "data", Uint8Array);
      const shades = column.levels ? column.colours.map(rgba) : RAMP.map(rgba);
      for (let i = 0; i < n; i++) paint[i] = column.levels ? shades[codes[i]] : codes[i] === 255 ? 0xffdddddd : shades[Math.round((codes[i] * 9) / 63)];
    }
    draw();
    legend();
  };
  const labels = [];
  for (const name of ["cell_type", "subset", "donor", "tissue"]) {
    const found = data.columns.find((c) => c.name === name);
    if (found) labels.push([found, await load(found, "data", Uint8Array)]);
  }
  const nearest = (mx, my) => {
    let best = -1, least = 64;
    for (let i = 0; i < n; i++) { const [px, py] = place(i), d = (px - mx) ** 2 + (py - my) ** 2; if (d < least) { least = d; best = i; } }
    return best;
  };
  const at = (event) => { const box = canvas.getBoundingClientRect(); return [((event.clientX - box.left) * W) / box.width, ((event.clientY - box.top) * H) / box.height]; };
  const zoom = (factor, [mx, my] = [W / 2, H / 2]) => {
    const s = scale();
    view.x += ((mx - W / 2) / s) * (1 - 1 / factor);
    view.y -= ((my - H / 2) / s) * (1 - 1 / factor);
    view.scale = Math.min(60, Math.max(0.5, view.scale * factor));
    draw();
  };
  const inside = (px, py) => {
    let odd = false;
    for (let i = 0, j = lasso.length - 1; i < lasso.length; j = i++) {
      const [ax, ay] = lasso[i], [bx, by] = lasso[j];
      if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  };
  let drag = null, waiting = false;
  const soon = (work) => { if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; work(); }); } };
  canvas.addEventListener("pointerdown", (event) => { drag = at(event); canvas.setPointerCapture(event.pointerId); lasso = byId("map-mode").value === "lasso" ? [drag] : []; });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    if (!drag) return soon(() => { const i = nearest(...now); byId("map-hover").textContent = i < 0 ? "Point at a cell to read its labels." : labels.map(([c, v]) => c.levels[v[i]]).join(" · "); });
    if (lasso.length) lasso.push(now);
    else { view.x -= (now[0] - drag[0]) / scale(); view.y += (now[1] - drag[1]) / scale(); drag = now; }
    soon(draw);
  });
  canvas.addEventListener("pointerup", () => {
    drag = null;
    if (lasso.length > 2) { chosen = new Uint8Array(n); for (let i = 0; i < n; i++) chosen[i] = inside(...place(i)) ? 1 : 0; legend(); }
    lasso = [];
    draw();
  });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY < 0 ? 1.25 : 0.8, at(event)); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = 60 / scale(), moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
    if (moves) { event.preventDefault(); view.x += moves[0]; view.y += moves[1]; draw(); }
    else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 1.25 : 0.8);
  });
  byId("map-in").addEventListener("click", () => zoom(1.4));
  byId("map-out").addEventListener("click", () => zoom(1 / 1.4));
  byId("map-reset").addEventListener("click", () => { view = { scale: 1, x: 2048, y: 2048 }; chosen = null; draw(); legend(); });
  byId("map-column").addEventListener("change", (event) => { column = data.columns[event.target.value]; feature = null; byId("map-feature").value = ""; colour(); });
  byId("map-feature").addEventListener("change", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    feature = data.features.find((f) => (f.kind === "protein" ? `${f.name} (protein)` : f.name).toLowerCase() === wanted) || null;
    colour();
  });
  const place_map = async () => { const map = data.maps[byId("map-name").value]; [x, y] = [await load(map, "x", Uint16Array), await load(map, "y", Uint16Array)]; };
  byId("map-name").addEventListener("change", async () => { await place_map(); draw(); });
  column = data.columns.find((c) => c.name === "subset") || data.columns[0];
  byId("map-column").value = data.columns.indexOf(column);
  await place_map();
  await colour();
})();
