/* Editing a model: chips over the tags, and character counts, on the Settings tab and in the small forms of its page. */
import { makeChips } from "./lib/chips.js";
import { countCharacters } from "./lib/counter.js";

for (const input of document.querySelectorAll("form :is(input)[name='tags']")) makeChips(input);
countCharacters(document);
