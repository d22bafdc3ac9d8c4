// SPDX-License-Identifier: GPL-2.0
// Elements. Whatever comes from the report becomes text, never markup.

const el = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
};

// A number of the report, marked with where in the report it is.
const figure = (path, value, shown = grouped(value)) =>
    el("span", {"data-figure": path, "data-value": value, class: "number"}, shown);

const section = (id, title, note, ...children) =>
    el("section", {id}, el("h2", {}, title), note ? el("p", {class: "note"}, note) : null, ...children);

const badge = (level) => el("span", {class: `badge ${level}`}, level);

const nothing = (text) => el("p", {class: "nothing"}, text);
