/* What every page has: each import is one behaviour. All of it is a convenience; the pages work without. */
import "./shell/theme.js";
import "./shell/menus.js";
import "./shell/copy.js";
import "./shell/keys.js";
import "./shell/search.js";
import "./shell/notice.js";
import "./shell/requests.js";
import "./shell/offline.js";
import "./shell/tabs.js";
