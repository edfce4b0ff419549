/* Suggestions below a search field: a combobox with a list box (WAI-ARIA), without which the field works as before. */
(function () {
  "use strict";

  var WAIT = 120; // milliseconds after the last key
  var number = 0;

  function Suggestions(field) {
    var self = this;
    this.field = field;
    this.list = document.createElement("ul");
    this.list.id = "suggestions-" + (number += 1);
    this.list.className = "g-suggestions";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", field.dataset.suggestLabel);
    this.list.hidden = true;
    this.status = document.createElement("span");
    this.status.className = "g-visually-hidden";
    this.status.setAttribute("aria-live", "polite");
    field.form.appendChild(this.list);
    field.form.appendChild(this.status);
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-expanded", "false");
    field.setAttribute("aria-controls", this.list.id);
    field.addEventListener("input", function () { self.wait(); });
    field.addEventListener("keydown", function (event) { self.key(event); });
    field.addEventListener("blur", function () { window.setTimeout(function () { self.close(); }, 150); });
    this.list.addEventListener("mousedown", function (event) { event.preventDefault(); });
  }

  Suggestions.prototype.wait = function () {
    var self = this;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(function () { self.ask(); }, WAIT);
  };

  Suggestions.prototype.ask = function () {
    var self = this;
    var typed = this.field.value.trim();
    if (!typed) { this.close(); return; }
    fetch(this.field.dataset.suggest + "?q=" + encodeURIComponent(typed), { headers: { Accept: "application/json" } })
      .then(function (response) { return response.ok ? response.json() : { suggestions: [] }; })
      .then(function (answer) { if (self.field.value.trim() === typed) { self.show(answer.suggestions); } })
      .catch(function () { self.close(); });
  };

  Suggestions.prototype.show = function (suggestions) {
    var self = this;
    this.list.textContent = "";
    suggestions.forEach(function (one, place) {
      var option = document.createElement("li");
      option.id = self.list.id + "-" + place;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.kind = one.kind;
      option.dataset.url = one.url;
      option.textContent = one.text;
      option.addEventListener("click", function () { window.location.assign(one.url); });
      self.list.appendChild(option);
    });
    this.chosen = -1;
    this.field.removeAttribute("aria-activedescendant");
    this.list.hidden = !suggestions.length;
    this.field.setAttribute("aria-expanded", String(suggestions.length > 0));
    this.status.textContent = suggestions.length ? this.field.dataset.suggestStatus.replace("{count}", suggestions.length) : "";
  };

  Suggestions.prototype.close = function () {
    this.list.hidden = true;
    this.chosen = -1;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
    this.status.textContent = "";
  };

  Suggestions.prototype.move = function (step) {
    var options = this.list.children;
    if (this.chosen >= 0) { options[this.chosen].setAttribute("aria-selected", "false"); }
    this.chosen = (this.chosen + step + options.length + (this.chosen < 0 && step < 0 ? 1 : 0)) % options.length;
    options[this.chosen].setAttribute("aria-selected", "true");
    options[this.chosen].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options[this.chosen].id);
  };

  Suggestions.prototype.key = function (event) {
    if (event.isComposing || this.list.hidden) { return; } // an input method is choosing characters
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && this.chosen >= 0) {
      event.preventDefault();
      window.location.assign(this.list.children[this.chosen].dataset.url);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    }
  };

  function start() {
    Array.prototype.forEach.call(document.querySelectorAll("input[data-suggest]"), function (field) {
      if (!field.dataset.suggesting) { field.dataset.suggesting = "yes"; new Suggestions(field); }
    });
  }

  document.addEventListener("htmx:afterSettle", start);
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
})();
