// Putting values into markup that the server wrote: `data-field` takes a value, `data-if` shows or hides.
import { showAge } from "./times.js";

/** @typedef {Record<string, any>} Fields */

/**
 * Fills every marked element below `root`, and `root` itself. Text only: nothing here can become markup.
 * @param {Element} root
 * @param {Fields} fields
 */
export function fill(root, fields) {
  for (const element of [root, ...root.querySelectorAll("[data-field], [data-if]")]) {
    if (!(element instanceof HTMLElement)) continue;
    const { field, href, if: condition } = element.dataset;
    if (field && field in fields) put(element, fields[field]);
    if (href && href in fields) element.setAttribute("href", fields[href]);
    if (condition && condition in fields) element.hidden = !fields[condition];
  }
}

/**
 * @param {HTMLElement} element
 * @param {any} value
 */
function put(element, value) {
  if (element instanceof HTMLProgressElement) {
    element.value = value ?? 0;
  } else if (element instanceof HTMLTimeElement) {
    element.dateTime = value;
    showAge(element);
  } else if (element.textContent !== String(value ?? "")) {
    element.textContent = String(value ?? "");
  }
}

/**
 * A copy of what a `<template>` holds.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function copyOf(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}

/**
 * Makes a list hold these items in this order. Elements of items that stay are moved, not made anew, so that focus stays.
 * @param {Element} list
 * @param {string} template
 * @param {string[]} order ids
 * @param {Fields[]} items those that are new or have changed; each has `id` and `status`
 */
export function syncList(list, template, order, items) {
  const changed = new Map(items.map((item) => [item.id, item]));
  const there = new Map([...list.children].map((element) => [/** @type {HTMLElement} */ (element).dataset.id, element]));
  let next = list.firstElementChild;
  for (const id of order) {
    const element = /** @type {HTMLElement} */ (there.get(id) ?? copyOf(template));
    there.delete(id);
    const fields = changed.get(id);
    if (fields) {
      element.dataset.id = id;
      element.dataset.status = fields.status;
      fill(element, fields);
    }
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
  for (const element of there.values()) element.remove();
  // Blanks that the server's markup left would keep `:empty` from matching.
  if (!order.length) list.replaceChildren();
}
