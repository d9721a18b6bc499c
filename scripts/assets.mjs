/* Builds the pages' assets into one folder: node scripts/assets.mjs OUT
   app.css goes through Tailwind, then with the islands through esbuild (which also carries the fonts along);
   the icons named in icons.txt become one sprite; every other static file is copied. All names carry a content
   hash, and manifest.json maps the plain name to the hashed one. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { build } from "esbuild";

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, "..");
const source = path.join(root, "src/modelkeep_server/interfaces/web/static");
const out = path.resolve(process.argv[2]);
const manifest = {};

/** Folder of an npm package. */
const packageFolder = (name) => path.join(root, "node_modules", ...name.split("/"));

/** Writes `content` under a name with its hash and notes it in the manifest. */
function emit(name, content) {
  const { dir, name: stem, ext } = path.parse(name);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const hashed = path.posix.join(dir, `${stem}.${hash}${ext}`);
  fs.mkdirSync(path.dirname(path.join(out, hashed)), { recursive: true });
  fs.writeFileSync(path.join(out, hashed), content);
  manifest[name] = hashed;
}

function compileStyles() {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "modelkeep-css-"));
  try {
    const result = path.join(scratch, "app.css");
    const cli = path.join(packageFolder("@tailwindcss/cli"), "dist/index.mjs");
    const options = ["--input", path.join(source, "app.css"), "--output", result, "--optimize"];
    execFileSync(process.execPath, [cli, ...options], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
    return fs.readFileSync(result, "utf8");
  } catch (error) {
    throw new Error(`Tailwind refused app.css:\n${error.stderr ?? error}`);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

async function bundle() {
  const styles = compileStyles();
  const folder = path.join(source, "islands");
  const islands = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith(".js")).sort() : [];
  const result = await build({
    absWorkingDir: root,
    entryPoints: [path.join(source, "app.css"), ...islands.map((name) => path.join(folder, name))],
    outdir: out,
    outbase: source,
    entryNames: "[dir]/[name].[hash]",
    chunkNames: "islands/shared.[hash]",
    assetNames: "fonts/[name].[hash]",
    loader: { ".woff2": "file" },
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    plugins: [{
      name: "tailwind",
      setup: (steps) => steps.onLoad({ filter: /static[\\/]app\.css$/ },
        () => ({ contents: styles, loader: "css", resolveDir: source })),
    }],
  });
  for (const [file, facts] of Object.entries(result.metafile.outputs)) {
    const hashed = path.relative(out, path.resolve(root, file)).replaceAll("\\", "/");
    const [only] = Object.keys(facts.inputs);
    if (facts.entryPoint) manifest[path.relative(source, path.resolve(root, facts.entryPoint)).replaceAll("\\", "/")] = hashed;
    else if (hashed.startsWith("fonts/")) manifest[`fonts/${path.basename(only)}`] = hashed;
  }
}

/** One <symbol> an icon. Stroke width is left to the page's style sheet. */
function sprite() {
  const names = fs.readFileSync(path.join(source, "icons.txt"), "utf8").split("\n")
    .map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const symbols = [...new Set(names)].sort().map((name) => {
    const file = path.join(packageFolder("lucide-static"), "icons", `${name}.svg`);
    if (!fs.existsSync(file)) throw new Error(`icons.txt names "${name}", which lucide does not have; see https://lucide.dev/icons`);
    const shapes = fs.readFileSync(file, "utf8").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1].replace(/\s+/g, " ").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`;
  });
  emit("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

function copyOthers() {
  const built = /^(dist|islands)([\\/]|$)|\.css$|^icons\.txt$|(^|[\\/])\./;
  for (const entry of fs.readdirSync(source, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const name = path.relative(source, file);
    if (entry.isFile() && !built.test(name)) emit(name.replaceAll("\\", "/"), fs.readFileSync(file));
  }
}

/** The licences of what is carried along, as their terms ask. */
function licences() {
  const carried = ["@fontsource-variable/geist", "@fontsource-variable/geist-mono", "daisyui", "hash-wasm", "htmx.org", "js-base64",
    "lucide-static", "querystringify", "requires-port", "tailwindcss", "tus-js-client", "url-parse"];
  const texts = carried.map((name) => {
    const { version } = require(path.join(packageFolder(name), "package.json"));
    const file = ["LICENSE", "LICENSE.md"].map((one) => path.join(packageFolder(name), one)).find((one) => fs.existsSync(one));
    return `${name} ${version}\n\n${fs.readFileSync(file, "utf8").trim()}\n`;
  });
  fs.writeFileSync(path.join(out, "LICENSES.txt"), texts.join(`\n${"-".repeat(72)}\n\n`));
}

fs.mkdirSync(out, { recursive: true });
await bundle();
emit("htmx.js", fs.readFileSync(path.join(packageFolder("htmx.org"), "dist/htmx.min.js")));
sprite();
copyOthers();
licences();
fs.writeFileSync(path.join(out, "manifest.json"), `${JSON.stringify(Object.fromEntries(Object.entries(manifest).sort()), null, 2)}\n`);
