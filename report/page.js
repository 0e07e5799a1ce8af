"use strict";
// Sorting: a click on a heading sorts the table by that column, a second one the other way round.
(function () {
  function key(row, column) {
    var text = row.cells[column].textContent.trim();
    var value = text === "" ? NaN : Number(text);
    return { text: text, value: value, row: row };
  }
  function order(a, b, sign) {
    if (a.text === "" || b.text === "") return (a.text === "") - (b.text === ""); // empty ones stay last
    var an = isNaN(a.value), bn = isNaN(b.value);
    if (!an && !bn) return sign * (a.value - b.value);
    if (an !== bn) return an ? 1 : -1;
    return sign * a.text.localeCompare(b.text, undefined, { numeric: true });
  }
  function sort(button) {
    var head = button.parentNode, table = head.closest("table"), body = table.tBodies[0];
    var up = head.getAttribute("aria-sort") !== "ascending";
    var keys = Array.prototype.map.call(body.rows, function (row) { return key(row, head.cellIndex); });
    keys.sort(function (a, b) { return order(a, b, up ? 1 : -1); });
    var all = document.createDocumentFragment();
    keys.forEach(function (k) { all.appendChild(k.row); });
    body.appendChild(all);
    table.querySelectorAll("th[aria-sort]").forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    document.getElementById("told").textContent = "Sorted by " + button.textContent + (up ? ", ascending" : ", descending");
  }
  // A link to what is folded away opens it, and whatever it lies in.
  function unfold() {
    var at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1))), opened = false;
    for (var fold = at && at.closest("details"); fold; fold = fold.parentNode.closest("details")) {
      opened = opened || !fold.open;
      fold.open = true;
    }
    if (opened || at && at.matches("tr")) at.scrollIntoView({ block: at.matches("tr") ? "center" : "start" }); // a row not under the heading
  }
  // On paper the sections are open.
  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = Array.prototype.filter.call(document.querySelectorAll("details.part"), function (d) { return !d.open; });
    closed.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () { closed.forEach(function (d) { d.open = false; }); });
  document.addEventListener("click", function (event) {
    var button = event.target.closest("th button");
    if (button) sort(button);
    var all = event.target.closest("[data-open]");
    if (all) {
      var parts = document.querySelectorAll("#" + CSS.escape(all.dataset.open) + " details.part");
      var open = Array.prototype.some.call(parts, function (d) { return !d.open; });
      parts.forEach(function (d) { d.open = open; });
      all.textContent = open ? "close all" : "open all";
    }
  });
  window.addEventListener("hashchange", unfold);
  unfold();
})();
