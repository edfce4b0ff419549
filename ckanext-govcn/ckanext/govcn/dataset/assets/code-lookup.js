/* Suggestions for fields whose code table is too large for a list: names are asked for while typing. */
this.ckan.module("govcn-code-lookup", function (jQuery) {
  "use strict";
  return {
    options: { table: "" },

    initialize: function () {
      jQuery.proxyAll(this, /_on/);
      this.list = jQuery("<datalist>").attr("id", this.el.attr("id") + "-choices").insertAfter(this.el);
      this.el.attr("list", this.list.attr("id")).on("input", this._onInput);
    },

    teardown: function () {
      clearTimeout(this.timer);
      this.el.off("input", this._onInput);
    },

    _onInput: function () {
      clearTimeout(this.timer);
      this.timer = setTimeout(this._onAsk, 200);
    },

    _onAsk: function () {
      var whole = this.el.val(), cut = Math.max(whole.lastIndexOf("、"), whole.lastIndexOf(",")) + 1;
      var before = whole.slice(0, cut), word = whole.slice(cut).trim();
      if (!word) { return; }
      this.sandbox.client.call("GET", "govcn_code_lookup", "?" + jQuery.param({ table: this.options.table, q: word }),
        function (answer) {
          this.list.empty();
          answer.result.forEach(function (choice) {
            this.list.append(jQuery("<option>").val(before + choice.value).text(choice.label));
          }, this);
        }.bind(this));
    }
  };
});
