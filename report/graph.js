// The graph: moving and zooming by mouse, touch and keys. All of its state is in the picture itself, so that a page
// that renews itself keeps it.
(function () {
  var pointers = {}, moved = false;
  function box(svg) { return svg.getAttribute("viewBox").split(" ").map(Number); }
  function whole(svg) { return svg.dataset.fit.split(" ").map(Number); }
  function show(svg, b) {
    var all = whole(svg), w = Math.min(Math.max(b[2], 60), all[2] * 1.5), h = b[3] * w / b[2];
    var x = Math.min(Math.max(b[0] + (b[2] - w) / 2, -w / 2), all[2] - w / 2), y = Math.min(Math.max(b[1] + (b[3] - h) / 2, -h / 2), all[3] - h / 2);
    svg.setAttribute("viewBox", [x, y, w, h].map(function (v) { return Math.round(v * 10) / 10; }).join(" "));
    near(svg);
  }
  // Labels are shown where they can be read.
  function near(svg) {
    var matrix = svg.getScreenCTM();
    svg.classList.toggle("distant", !!matrix && matrix.a < 0.55);
    svg.classList.toggle("inside", svg.getAttribute("viewBox") !== svg.dataset.fit);
  }
  function fit(svg) { svg.setAttribute("viewBox", svg.dataset.fit); near(svg); }
  function place(svg, x, y) {
    var p = svg.createSVGPoint(); p.x = x; p.y = y;
    return p.matrixTransform(svg.getScreenCTM().inverse());
  }
  function zoom(svg, times, at) {
    var b = box(svg), c = at || { x: b[0] + b[2] / 2, y: b[1] + b[3] / 2 };
    var limit = Math.min(Math.max(b[2] / times, 60), whole(svg)[2] * 1.5) / b[2];
    show(svg, [c.x - (c.x - b[0]) * limit, c.y - (c.y - b[1]) * limit, b[2] * limit, b[3] * limit]);
  }
  function pan(svg, dx, dy) { var b = box(svg); show(svg, [b[0] + dx, b[1] + dy, b[2], b[3]]); }
  function centre(node) {
    var m = node.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
    return { x: m[0], y: m[1] };
  }
  // select marks a node and says what it is; a node outside the view, or too small to read, is brought into it.
  function select(node) {
    var svg = node.ownerSVGElement, b = box(svg), c = centre(node);
    svg.querySelectorAll(".selected").forEach(function (n) { n.classList.remove("selected"); });
    node.classList.add("selected");
    if (svg.classList.contains("distant")) { b[3] = b[3] / b[2] * 600; b[2] = 600; b[0] = b[1] = Infinity; }
    if (c.x < b[0] + 40 || c.x > b[0] + b[2] - 40 || c.y < b[1] + 20 || c.y > b[1] + b[3] - 20) show(svg, [c.x - b[2] / 2, c.y - b[3] / 2, b[2], b[3]]);
    document.getElementById("told").textContent = node.querySelector("title").textContent;
  }
  // next is the nearest node in the direction of an arrow key.
  function next(svg, node, dx, dy) {
    var at = centre(node), best = null, least = Infinity;
    svg.querySelectorAll(".node").forEach(function (n) {
      var c = centre(n), along = (c.x - at.x) * dx + (c.y - at.y) * dy, aside = Math.abs((c.x - at.x) * dy) + Math.abs((c.y - at.y) * dx);
      if (along > 1 && along + 2 * aside < least) { least = along + 2 * aside; best = n; }
    });
    return best;
  }
  var arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.addEventListener("keydown", function (event) {
    var svg = event.target.closest && event.target.closest("svg.graph");
    if (!svg || event.ctrlKey || event.metaKey || event.altKey) return;
    var node = svg.querySelector(".selected"), arrow = arrows[event.key], b = box(svg);
    if (arrow && event.shiftKey) pan(svg, arrow[0] * b[2] / 8, arrow[1] * b[3] / 8);
    else if (arrow) { var to = node ? next(svg, node, arrow[0], arrow[1]) : svg.querySelector(".node.high") || svg.querySelector(".node"); if (to) select(to); }
    else if (event.key === "+" || event.key === "=") zoom(svg, 1.4);
    else if (event.key === "-") zoom(svg, 1 / 1.4);
    else if (event.key === "0") fit(svg);
    else if (event.key === "Enter" && node) location.hash = node.getAttribute("href");
    else return;
    event.preventDefault();
  });
  document.addEventListener("wheel", function (event) {
    var svg = event.target.closest("svg.graph");
    if (!svg || !(event.ctrlKey || document.activeElement === svg)) return; // else the page scrolls
    event.preventDefault();
    zoom(svg, Math.exp(-event.deltaY / 400), place(svg, event.clientX, event.clientY));
  }, { passive: false });
  document.addEventListener("pointerdown", function (event) {
    var svg = event.target.closest("svg.graph");
    if (!svg || event.button) return;
    pointers[event.pointerId] = { svg: svg, x: event.clientX, y: event.clientY };
    moved = false;
  });
  document.addEventListener("pointermove", function (event) {
    var p = pointers[event.pointerId];
    if (!p) return;
    var svg = p.svg, ids = Object.keys(pointers), scale = svg.getScreenCTM().a;
    var dx = event.clientX - p.x, dy = event.clientY - p.y;
    if (!moved && Math.hypot(dx, dy) < 5) return;
    moved = true;
    if (ids.length === 2) { // two fingers
      var other = pointers[ids[0] === String(event.pointerId) ? ids[1] : ids[0]];
      var before = Math.hypot(p.x - other.x, p.y - other.y), after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      if (before > 10) zoom(svg, after / before, place(svg, (event.clientX + other.x) / 2, (event.clientY + other.y) / 2));
    } else pan(svg, -dx / scale, -dy / scale);
    p.x = event.clientX; p.y = event.clientY;
  });
  ["pointerup", "pointercancel"].forEach(function (name) {
    document.addEventListener(name, function (event) { delete pointers[event.pointerId]; });
  });
  document.addEventListener("dragstart", function (event) { if (event.target.closest("svg.graph")) event.preventDefault(); });
  document.addEventListener("click", function (event) {
    if (event.target.closest("svg.graph") && moved) { event.preventDefault(); moved = false; return; } // it was a drag
    var node = event.target.closest(".node");
    if (node) { node.ownerSVGElement.querySelectorAll(".selected").forEach(function (n) { n.classList.remove("selected"); }); node.classList.add("selected"); }
    var button = event.target.closest("[data-graph]");
    if (!button) return;
    var figure = button.closest("figure"), svg = figure.querySelector("svg.graph");
    switch (button.dataset.graph) {
    case "in": zoom(svg, 1.5); break;
    case "out": zoom(svg, 1 / 1.5); break;
    case "fit": fit(svg); break;
    case "large": button.setAttribute("aria-pressed", String(figure.classList.toggle("large"))); near(svg); break;
    }
  });
  // A link to a node brings it into view, and its picture.
  function arrive() {
    var at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!at || !at.matches(".node")) return;
    select(at);
    at.ownerSVGElement.focus({ preventScroll: true });
    at.closest("figure").scrollIntoView({ block: "nearest" });
  }
  function look() { document.querySelectorAll("svg.graph").forEach(near); }
  window.addEventListener("hashchange", arrive);
  window.addEventListener("resize", look);
  document.addEventListener("renewed", look);
  look();
  arrive();
})();
