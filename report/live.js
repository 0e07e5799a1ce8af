"use strict";
// A page that renews itself: what the server says of the search is shown, and where the run has new files the content
// is read again. What is unfolded and where the reader stands stay.
(function () {
  var line = document.getElementById("live"), reading = false, again = false;
  function open(main) {
    return Array.prototype.map.call(main.querySelectorAll("details[open]"), function (d) { return d.id; });
  }
  function renew() {
    if (reading) { again = true; return; }
    reading = true;
    fetch(location.pathname).then(function (answer) { return answer.text(); }).then(function (text) {
      var old = document.getElementById("main"), page = new DOMParser().parseFromString(text, "text/html");
      var main = document.importNode(page.getElementById("main"), true), unfolded = open(old), at = window.scrollY;
      unfolded.forEach(function (id) { var d = main.querySelector("#" + CSS.escape(id)); if (d) d.open = true; });
      old.querySelectorAll("svg.graph.inside").forEach(function (svg) {
        var same = main.querySelector("#" + CSS.escape(svg.id));
        if (same && same.dataset.fit === svg.dataset.fit) same.setAttribute("viewBox", svg.getAttribute("viewBox"));
      });
      old.replaceWith(main);
      document.dispatchEvent(new Event("renewed"));
      document.title = page.title;
      window.scrollTo(0, at);
    }).catch(function () {}).then(function () {
      reading = false;
      if (again) { again = false; renew(); }
    });
  }
  var source = new EventSource("events");
  source.addEventListener("now", function (event) {
    var text = JSON.parse(event.data).text;
    if (line.textContent !== text) line.textContent = text;
  });
  source.addEventListener("page", renew);
  source.addEventListener("lost", function (event) { line.textContent = JSON.parse(event.data).text; source.close(); });
  source.addEventListener("end", function () { source.close(); renew(); });
  source.addEventListener("error", function () {
    if (source.readyState === EventSource.CLOSED) line.textContent = "demote watch has ended";
  });
})();
