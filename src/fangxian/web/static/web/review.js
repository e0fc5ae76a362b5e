"use strict";
// The review by keyboard: a number selects, Enter confirms, U undoes, the arrows go to other rows.
(function () {
  function typing(element) {
    return element.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");
  }

  function follow(address) {
    if (address) window.location.assign(address);
    return Boolean(address);
  }

  function select(key) {
    var choice = document.querySelector('#decide input[data-key="' + CSS.escape(key) + '"]');
    if (!choice) return false;
    choice.checked = true;
    choice.focus();
    return true;
  }

  function confirm() {
    var form = document.getElementById("decide");
    if (!form || !form.querySelector("input[name=choice]:checked")) return false;
    form.requestSubmit();
    return true;
  }

  function undo() {
    var form = document.getElementById("undo");
    var button = form && form.querySelector("button");
    if (!button || button.disabled) return false;
    form.requestSubmit(button);
    return true;
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event.target)) return;
    var key = event.key.toLowerCase();
    var review = document.getElementById("review");
    var onControl = event.target.closest("a, button, summary");
    var done = false;
    if (key === "enter") done = !onControl && confirm();
    else if (key === "u") done = undo();
    else if (key === "arrowleft" && review) done = follow(review.dataset.before);
    else if (key === "arrowright" && review) done = follow(review.dataset.after);
    else if (key.length === 1) done = select(key);
    if (done) event.preventDefault();
  });
})();
