/* Small aids; every page works without them. No texts stand here: templates give them as data attributes. */
(function () {
  "use strict";

  function each(root, selector, action) {
    Array.prototype.forEach.call(root.querySelectorAll(selector), action);
  }

  /* the menu stands open where there is room for it */
  function menu(root) {
    var wide = window.matchMedia("(min-width: 861px)");
    each(root, ".g-menu, .g-filters", function (details) {
      if (details.dataset.ready) { return; }
      details.dataset.ready = "yes";
      function fit() { details.open = wide.matches; }
      fit();
      wide.addEventListener("change", fit);
    });
  }

  /* 数据项: filter rows of a long table while typing */
  function rowFilter(root) {
    each(root, "[data-filter-rows]", function (field) {
      if (field.dataset.ready) { return; }
      field.dataset.ready = "yes";
      var table = document.getElementById(field.dataset.filterRows);
      var status = document.getElementById(field.getAttribute("aria-describedby"));
      var rows = Array.prototype.slice.call(table.tBodies[0].rows);
      field.addEventListener("input", function () {
        var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
        var shown = 0;
        rows.forEach(function (row) {
          var text = row.textContent.toLowerCase();
          row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
          shown += row.hidden ? 0 : 1;
        });
        status.textContent = status.dataset.text.replace("{shown}", shown).replace("{all}", rows.length);
      });
    });
  }

  /* a button that copies the text of the element it names */
  function copyButtons(root) {
    each(root, "[data-copy]", function (button) {
      if (button.dataset.ready || !navigator.clipboard) { return; }
      button.dataset.ready = "yes";
      button.hidden = false;
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim()).then(function () {
          var before = button.textContent;
          button.textContent = button.dataset.done;
          window.setTimeout(function () { button.textContent = before; }, 2000);
        });
      });
    });
  }

  /* a select that sends its form */
  function autoSubmit(root) {
    each(root, "select[data-autosubmit]", function (select) {
      select.addEventListener("change", function () { select.form.submit(); });
    });
  }

  /* buttons that check a radio or box, press or focus a field, or empty one: what CKAN does with inline scripts */
  function byAttribute(event) {
    var button = event.target.closest && event.target.closest("[data-check], [data-press], [data-focus], [data-clear]");
    if (!button) { return; }
    var element = function (name) { return document.getElementById(button.dataset[name] || ""); };
    if (element("check")) {
      element("check").checked = true;
      element("check").dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (element("clear")) { element("clear").value = ""; }
    if (element("press")) { element("press").click(); }
    if (element("focus")) { element("focus").focus(); }
  }

  /* a button that needs at least one box of the same name */
  function enable(event) {
    var box = event.target;
    if (!box.dataset || !box.dataset.enables) { return; }
    var any = document.querySelector('[data-enables="' + box.dataset.enables + '"]:checked');
    document.getElementById(box.dataset.enables).disabled = !any;
  }

  function afterSwap(event) {
    each(document, "[data-show-now]", function (element) {
      element.removeAttribute("data-show-now");
      element.scrollIntoView({ block: "nearest" });
    });
    each(document, "button#revoke-tokens-button", function (button) {
      button.disabled = !document.querySelector('[data-enables="revoke-tokens-button"]:checked');
    });
    start(event.target || document);
  }

  document.addEventListener("click", byAttribute);
  document.addEventListener("change", enable);
  document.addEventListener("htmx:afterSettle", afterSwap);

  function start(root) {
    menu(root); rowFilter(root); copyButtons(root); autoSubmit(root);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", function () { start(document); });
  } else {
    start(document);
  }
})();
