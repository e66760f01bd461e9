#!/usr/bin/env node
// A compiler that stays loaded: one JSON request a line, one JSON answer a line.
// Request: {file, content, contracts: {file: [name]}}; every other source is read from disk.
// Answer: {bytecode: {name: hex}}, or {error} where the source does not compile.
"use strict";

const fs = require("fs");
const path = require("path");
const readline = require("readline");
const solc = require("solc");

const settings = JSON.parse(process.argv[2]);

function readImport(name) {
  const file = path.resolve(name);
  return fs.existsSync(file) ? { contents: fs.readFileSync(file, "utf8") } : { error: `${name} is missing` };
}

function sources({ file, content, contracts }) {
  const read = (name) => ({ content: name === file ? content : fs.readFileSync(name, "utf8") });
  return Object.fromEntries([file, ...Object.keys(contracts)].map((name) => [name, read(name)]));
}

function select(contracts) {
  const wanted = (names) => Object.fromEntries(names.map((name) => [name, ["evm.bytecode.object"]]));
  return Object.fromEntries(Object.entries(contracts).map(([file, names]) => [file, wanted(names)]));
}

function compile(request) {
  const outputSelection = select(request.contracts);
  const input = { language: "Solidity", sources: sources(request), settings: { ...settings, outputSelection } };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
  const error = (output.errors || []).find(({ severity }) => severity === "error");
  if (error) return { error: error.message };
  const found = Object.entries(request.contracts).flatMap(([file, names]) =>
    names.map((name) => [name, output.contracts[file][name].evm.bytecode.object]),
  );
  return { bytecode: Object.fromEntries(found) };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(compile(JSON.parse(line)))}\n`);
});
