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
  // A link to a table that is folded away opens it.
  function unfold() {
    var at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var fold = at && at.closest("details");
    if (fold && !fold.open) { fold.open = true; at.scrollIntoView(); }
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("th button");
    if (button) sort(button);
  });
  window.addEventListener("hashchange", unfold);
  unfold();
})();
