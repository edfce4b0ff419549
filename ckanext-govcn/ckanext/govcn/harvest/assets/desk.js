/* What scripts add to the desk: progress is spoken once in a while, all boxes of a page are ticked together. */
(function () {
  "use strict";

  /* htmx replaces the progress every two seconds; a screen reader is told only what is new in `data-say` */
  function speak(event) {
    var said = event.target.querySelector && event.target.querySelector("[data-say]");
    var spoken = document.getElementById("spoken");
    if (said && spoken && spoken.textContent !== said.dataset.say) { spoken.textContent = said.dataset.say; }
  }

  /* one box ticks all of a page, and shows when only some are ticked */
  function tickAll(event) {
    var box = event.target;
    if (!box.matches || !box.matches("[data-all], [data-one]")) { return; }
    var all = document.querySelector("[data-all]");
    var ones = Array.prototype.slice.call(document.querySelectorAll("[data-one]:not(:disabled)"));
    if (box === all) { ones.forEach(function (one) { one.checked = all.checked; }); }
    var ticked = ones.filter(function (one) { return one.checked; }).length;
    if (all) {
      all.checked = ticked === ones.length;
      all.indeterminate = ticked > 0 && ticked < ones.length;
    }
    Array.prototype.forEach.call(document.querySelectorAll("[data-ticked]"), function (count) {
      count.textContent = ticked;
      count.hidden = ticked === 0;
    });
    Array.prototype.forEach.call(document.querySelectorAll("[data-needs-ticked]"), function (button) {
      button.disabled = ticked === 0;
    });
  }

  document.addEventListener("htmx:afterSwap", speak);
  document.addEventListener("change", tickAll);
})();
