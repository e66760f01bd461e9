#!/usr/bin/env node
// The wasm compiler from the locked npm package, behind the two calls that solcx, ape and forge
// make of a native solc: `--version`, and `--standard-json` from standard input.
"use strict";

const fs = require("fs");
const path = require("path");

const solc = load((path.basename(process.argv[1]).match(/^solc-v(.*)$/) || [])[1]);

// The executable is a link solc-v<version> in .toolchain/; the packages stand beside the real file:
// `solc`, and `solc-<version>` for the protocols that pin another one.
function load(version) {
  const paths = [path.dirname(fs.realpathSync(__filename))];
  try {
    return require(require.resolve(`solc-${version}`, { paths }));
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    return require(require.resolve("solc", { paths }));
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function readImport(allowed) {
  return (name) => {
    const file = fs.realpathSync(path.resolve(name));
    const inside = allowed.some((root) => file === root || file.startsWith(root + path.sep));
    return inside ? { contents: fs.readFileSync(file, "utf8") } : { error: `${name} is outside the allowed paths` };
  };
}

function main(argv) {
  if (argv.includes("--version")) {
    const version = solc.version().replace("Emscripten.clang", "Linux.g++");
    process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
    return;
  }
  if (!argv.includes("--standard-json")) {
    fail("This solc takes --version, or --standard-json with the input on standard input.");
  }
  const option = argv.indexOf("--allow-paths");
  const extra = option < 0 ? [] : argv[option + 1].split(",").filter(Boolean);
  const allowed = [process.cwd(), ...extra].filter((root) => fs.existsSync(root)).map((root) => fs.realpathSync(root));
  const output = solc.compile(fs.readFileSync(0, "utf8"), { import: readImport(allowed) });
  fs.writeSync(1, output);
}

main(process.argv.slice(2));
