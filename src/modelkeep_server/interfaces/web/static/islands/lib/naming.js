/* Naming advice while one types: the same as rules/naming.py, which judges again on the server. */
const VAGUE = new Set(["model", "my-model", "my_model", "test", "test-model", "tmp", "temp", "foo", "demo"]);
const NUMBERED = /^[a-z]+[-_]?\d+$/i;
const FINAL = /(^|[-_])(final|new|old|latest|copy|v\d+)([-_]|$)/i;

export function adviseName(name) {
  if (!name) return null;
  if (VAGUE.has(name.toLowerCase()) || /^(my|test)[-_]/i.test(name)) {
    return "Say what it does, then how: customer-churn-predictor, fraud-detection-xgboost.";
  }
  if (NUMBERED.test(name)) return "A number says little. Say what it does, then how: sentiment-analysis-bert.";
  if (FINAL.test(name)) return "Leave the version out of the name; versions are kept below it.";
  if (!/[-_]/.test(name) && name.length < 6) return "A longer name is easier to find: customer-churn-predictor.";
  return null;
}
