/* The catalogue while one types: colours in the query box, answers that keep the place, words where none came. */
import "./catalogue/colours.js";
import "./catalogue/answers.js";
