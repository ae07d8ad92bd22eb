// Figures of single points: name on hover and by keyboard search, panels chosen by name. SVG, so that they print; no library.
document.querySelectorAll("div.points").forEach((box) => {
  const data = JSON.parse(box.querySelector("script").textContent), NS = new DOMParser().parseFromString("<svg></svg>", "text/html").querySelector("svg").namespaceURI;
  const make = (name, attributes, parent, text) => {
    const element = document.createElementNS(NS, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return parent.append(element), element;
  };
  const html = (name, parent, text) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    return parent.append(element), element;
  };
  const tools = html("div", box), choose = html("select", html("label", tools, "Show ")), find = html("input", html("label", tools, `Find a ${data.what} `));
  const legend = html("span", tools), status = html("p", box), area = html("div", box);
  tools.className = "tools"; area.className = "panels"; status.className = "quiet"; status.setAttribute("role", "status"); find.type = "search";
  data.groups.forEach(([name, colour]) => { const dot = html("i", legend); dot.style.background = colour; html("span", legend, name); });
  legend.className = "key";
  if (data.panels.length > 1) html("option", choose, data.shown > 1 ? `first ${Math.min(data.shown, data.panels.length)}` : data.panels[0].title);
  data.panels.forEach((panel, i) => { if (data.panels.length === 1 || data.shown > 1 || i) html("option", choose, panel.title).value = i; });
  const short = (v) => (v === 0 ? "0" : Math.abs(v) >= 1e4 || Math.abs(v) < 1e-3 ? v.toExponential(1) : String(+v.toPrecision(3)));
  const ticks = (low, high) => {
    const raw = (high - low) / 4, unit = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find((k) => k * unit >= raw) * unit, all = [];
    for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) all.push(Math.abs(v) < step * 1e-6 ? 0 : v);
    return all;
  };
  const draw = (panel, wide, wanted) => {
    const W = wide ? Math.min(560, Math.max(300, document.documentElement.clientWidth - 70)) : 230, H = wide ? Math.round(W * 0.68) : 210, L = 46, R = 10, T = 30, B = 40;
    const svg = make("svg", { viewBox: `0 0 ${W} ${H}`, width: W, role: "img", "aria-label": `${panel.title}: ${panel.y_label} by ${panel.x_label || "group"}, ${panel.x.length} points` }, area);
    let xs = panel.ticks.length ? [-0.5, panel.ticks.length - 0.5] : [Math.min(...panel.x), Math.max(...panel.x)], ys = [Math.min(0, ...panel.y), Math.max(...panel.y)];
    if (!panel.x.length) { xs = [0, 1]; ys = [0, 1]; }
    const pad = (r, a, b) => [r[0] - (r[1] - r[0] || 1) * a, r[1] + (r[1] - r[0] || 1) * b];
    if (!panel.ticks.length) xs = pad(xs, 0.05, 0.05);
    ys = pad(ys, 0, 0.06);
    const X = (v) => L + ((v - xs[0]) / (xs[1] - xs[0])) * (W - L - R), Y = (v) => H - B - ((v - ys[0]) / (ys[1] - ys[0])) * (H - T - B);
    const head = make("text", { x: 4, y: 14, class: "t" }, svg, panel.title);
    if (panel.note) make("tspan", { class: "n" }, head, ` ${panel.note}`);
    make("path", { d: `M${L} ${T}V${H - B}H${W - R}`, class: "axis" }, svg);
    ticks(...ys).forEach((v) => { make("path", { d: `M${L - 4} ${Y(v)}H${L}`, class: "axis" }, svg); make("text", { x: L - 6, y: Y(v) + 3, "text-anchor": "end" }, svg, short(v)); });
    if (panel.ticks.length) panel.ticks.forEach((name, i) => {
      const text = make("text", { x: X(i), y: H - B + 14, "text-anchor": "middle" }, svg), words = name.split(" ");
      const lines = words.reduce((all, word) => (all.length && (all.at(-1) + word).length < 16 ? [...all.slice(0, -1), all.at(-1) + " " + word] : [...all, word]), []);
      lines.slice(0, 3).forEach((line, k) => make("tspan", { x: X(i), dy: k ? 11 : 0 }, text, line));
    });
    else ticks(...xs).forEach((v) => { make("path", { d: `M${X(v)} ${H - B}v4`, class: "axis" }, svg); make("text", { x: X(v), y: H - B + 15, "text-anchor": "middle" }, svg, short(v)); });
    make("text", { x: L + (W - L - R) / 2, y: H - 6, "text-anchor": "middle" }, svg, panel.x_label);
    make("text", { transform: `translate(11 ${T + (H - T - B) / 2}) rotate(-90)`, "text-anchor": "middle" }, svg, panel.y_label);
    const spread = (i) => (panel.ticks.length ? (((i * 7919) % 101) / 100 - 0.5) * 0.3 : 0);
    panel.ticks.forEach((_, i) => {
      const values = panel.y.filter((_, k) => panel.x[k] === i).sort((a, b) => a - b), n = values.length;
      if (n) { const middle = Y((values[(n - 1) >> 1] + values[n >> 1]) / 2); make("path", { d: `M${X(i - 0.25)} ${middle}H${X(i + 0.25)}`, class: "axis", "stroke-width": 1.5 }, svg); }
    });
    panel.x.forEach((v, i) => {
      const name = data.labels[panel.label[i]], hit = wanted && name.toLowerCase() === wanted, part = wanted && name.toLowerCase().includes(wanted);
      const at = { cx: X(v + spread(i)).toFixed(1), cy: Y(panel.y[i]).toFixed(1) };
      const dot = make("circle", { ...at, r: hit || part ? 5 : wide ? 3 : 3.2, fill: data.groups[panel.group[i]][1], class: hit || part ? "hit" : "" }, svg);
      make("title", {}, dot, `${name} (${data.groups[panel.group[i]][0]}): ${panel.ticks.length ? "" : short(v) + ", "}${short(panel.y[i])}`);
      if (hit || (part && wanted.length > 1)) make("text", { x: +at.cx + 6, y: +at.cy - 5, class: "hit" }, svg, name);
    });
  };
  const show = () => {
    const wanted = find.value.trim().toLowerCase(), one = choose.value !== "" && !isNaN(choose.value) ? [data.panels[+choose.value]] : data.panels.slice(0, data.shown);
    area.replaceChildren();
    one.forEach((panel) => draw(panel, one.length === 1, wanted));
    if (!wanted) return void (status.textContent = "");
    const found = [];
    data.panels.forEach((panel) => panel.label.forEach((l, i) => { if (data.labels[l].toLowerCase() === wanted) found.push(`${panel.title}: ${panel.ticks.length ? "" : `${panel.x_label} ${short(panel.x[i])}, `}${panel.y_label} ${short(panel.y[i])}`); }));
    const similar = data.labels.filter((name) => name.toLowerCase().includes(wanted)).slice(0, 8);
    status.textContent = found.length ? `${found.slice(0, 12).join("; ")}${found.length > 12 ? `; ${found.length - 12} more` : ""}` : similar.length ? `Names that contain it: ${similar.join(", ")}` : "No point of that name is in this figure.";
  };
  choose.addEventListener("change", show);
  find.addEventListener("input", show);
  show();
});
