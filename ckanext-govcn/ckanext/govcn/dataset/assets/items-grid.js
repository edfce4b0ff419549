/* 数据项 grid: one row per item, written back as one JSON list, so that the order is the order on the screen.
 *
 * Keyboard: Enter goes to the same column of the next row (a new one at the end), Shift+Enter back, Alt+ArrowUp and
 * Alt+ArrowDown move the row, Alt+Delete removes it. Cells copied from a spreadsheet are pasted from the focused cell on.
 */
this.ckan.module("govcn-items", function (jQuery) {
  "use strict";

  var FLAGS = { "是": true, "y": true, "yes": true, "1": true, "true": true, "√": true,
                "否": false, "n": false, "no": false, "0": false, "false": false, "×": false };

  function rowsOf(text) {
    try {
      var rows = JSON.parse(text || "[]");
      return Array.isArray(rows) ? rows : null;
    } catch (error) {
      return null; // what cannot be read stays in the text box, where it can be mended
    }
  }

  /* Cells of a spreadsheet's clipboard text: tabs and line ends separate, quotes protect. */
  function cellsOf(text) {
    var rows = [[""]], quoted = false;
    for (var i = 0; i < text.length; i++) {
      var char = text[i], row = rows[rows.length - 1], last = row.length - 1;
      if (quoted) {
        if (char === '"' && text[i + 1] === '"') { row[last] += '"'; i++; }
        else if (char === '"') { quoted = false; }
        else { row[last] += char; }
      } else if (char === '"' && row[last] === "") { quoted = true; }
      else if (char === "\t") { row.push(""); }
      else if (char === "\n") { rows.push([""]); }
      else if (char !== "\r") { row[last] += char; }
    }
    if (rows.length > 1 && rows[rows.length - 1].join("") === "") { rows.pop(); }
    return rows;
  }

  return {
    options: { columns: [], addLabel: "＋" },

    initialize: function () {
      jQuery.proxyAll(this, /_on/);
      this.store = this.el.find("textarea");
      var rows = rowsOf(this.store.val());
      if (rows === null) { return; }
      this._build(rows);
      this.store.prop("hidden", true);
      this.store.closest("form").on("submit", this._onSave);
    },

    teardown: function () {
      this.store.closest("form").off("submit", this._onSave);
    },

    _build: function (rows) {
      var head = jQuery("<tr>").append(jQuery("<th scope=col>").text("#"));
      this.options.columns.forEach(function (column) {
        head.append(jQuery("<th scope=col>").text(column.label));
      });
      this.body = jQuery("<tbody>");
      var table = jQuery('<table class="govcn-grid">').append(jQuery("<thead>").append(head), this.body);
      this.status = jQuery('<span role="status" aria-live="polite">');
      this.el.append(jQuery('<div class="govcn-grid-scroll">').append(table), this._tools());
      rows.forEach(function (row) { this._addRow(row); }, this);
      if (!rows.length) { this._addRow({}); }
      this.body.on("keydown", "input, select", this._onKey);
      this.body.on("paste", "input", this._onPaste);
      this.body.on("change", "input, select", this._onSave);
      this._renumber();
    },

    _tools: function () {
      var add = jQuery('<button type="button" class="btn btn-secondary">').text(this.options.addLabel);
      add.on("click", function () { this._focus(this._addRow({}), 0); this._renumber(); }.bind(this));
      return jQuery('<div class="govcn-grid-tools">').append(add, this.status);
    },

    _addRow: function (item, after) {
      var row = jQuery("<tr>").append('<td class="govcn-row-number">');
      this.options.columns.forEach(function (column) {
        row.append(jQuery("<td>").append(this._cell(column, item[column.name])));
      }, this);
      if (after) { after.after(row); } else { this.body.append(row); }
      return row;
    },

    _cell: function (column, value) {
      var cell;
      if (column.choices) {
        cell = jQuery("<select>").append(new Option("", ""));
        column.choices.forEach(function (choice) { cell.append(new Option(choice.label, choice.value)); });
        if (value !== undefined && value !== "" && !column.choices.some(function (c) { return c.value === String(value); })) {
          cell.append(new Option(value, value)); // an unknown code is kept and reported by the rules
        }
      } else {
        cell = jQuery('<input type="text">');
      }
      return cell.attr({ "data-column": column.name, "aria-label": column.label })
                 .val(value === undefined || value === null ? "" : String(value));
    },

    _set: function (cell, text) {
      var value = text.trim();
      if (cell.is("select")) {
        var flag = FLAGS[value.toLowerCase()];
        var wanted = cell.find("option").filter(function () {
          return this.value === value || this.text === value || (flag !== undefined && this.value === String(flag)) ||
                 (value && this.text && (this.text.indexOf(value) === 0 || value.indexOf(this.text) === 0));
        }).first();
        if (!wanted.length && value) { wanted = jQuery(new Option(value, value)).appendTo(cell); }
        value = wanted.length ? wanted.val() : "";
      }
      cell.val(value);
    },

    _focus: function (row, column) {
      row.children().eq(column + 1).find("input, select").trigger("focus");
    },

    _onKey: function (event) {
      var row = jQuery(event.target).closest("tr"), column = jQuery(event.target).closest("td").index() - 1, other;
      if (event.key === "Enter") {
        other = event.shiftKey ? row.prev() : row.next();
        if (!other.length && !event.shiftKey) { other = this._addRow({}); }
      } else if (event.altKey && event.key === "ArrowUp") {
        if (row.prev().length) { row.prev().before(row); }
        other = row;
      } else if (event.altKey && event.key === "ArrowDown") {
        if (row.next().length) { row.next().after(row); }
        other = row;
      } else if (event.altKey && event.key === "Delete") {
        other = row.next().length ? row.next() : row.prev();
        if (!other.length) { other = this._addRow({}); }
        row.remove();
      } else {
        return;
      }
      event.preventDefault();
      this._focus(other, column);
      this._renumber();
      this._onSave();
    },

    _onPaste: function (event) {
      var text = (event.originalEvent.clipboardData || window.clipboardData).getData("text");
      if (!/[\t\n]/.test(text)) { return; }
      event.preventDefault();
      var row = jQuery(event.target).closest("tr"), column = jQuery(event.target).closest("td").index();
      cellsOf(text).forEach(function (cells, number) {
        if (number) { row = row.next().length ? row.next() : this._addRow({}); }
        cells.forEach(function (cell, offset) {
          var target = row.children().eq(column + offset).find("input, select");
          if (target.length) { this._set(target, cell); }
        }, this);
      }, this);
      this._renumber();
      this._onSave();
    },

    _renumber: function () {
      this.body.children().each(function (index) { jQuery(this).children().first().text(index + 1); });
      this.status.text(this.body.children().length);
    },

    _onSave: function () {
      var rows = this.body.children().toArray().map(function (row) {
        var item = {};
        jQuery(row).find("input, select").each(function () {
          var value = jQuery(this).val().trim();
          if (value !== "") { item[this.getAttribute("data-column")] = value; }
        });
        return item;
      }).filter(function (item) { return Object.keys(item).length; });
      this.store.val(JSON.stringify(rows));
    }
  };
});
