// Turns one Pub/Sub message into one row of a table, or throws so that the message ends in the dead letter.
// It never returns null: null would drop the message without a trace.
// SCHEMA, COLUMNS and PHASES are generated from the message schema, the stream's mapping and the declaration.
function toRow(message, metadata) {
  const SCHEMA = {}, COLUMNS = [], PHASES = {};

  function own(object, key) {
    return Object.prototype.hasOwnProperty.call(object, key) ? object[key] : undefined;
  }

  function kindOf(value) {
    if (value === null) return "null";
    if (Array.isArray(value)) return "array";
    if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
    return typeof value;
  }

  function fail(pointer, reason) {
    throw new Error((pointer || "/") + ": " + reason);
  }

  // The judgement of JSON Schema, for the keywords that message schemas use.
  function check(schema, value, pointer) {
    const kinds = schema.type === undefined ? null : [].concat(schema.type), kind = kindOf(value);
    if (kind === "number" && !Number.isFinite(value)) fail(pointer, "is not finite");
    if (kinds && kinds.indexOf(kind) < 0 && !(kind === "integer" && kinds.indexOf("number") >= 0)) {
      fail(pointer, "is " + kind + ", not " + kinds.join(" or "));
    }
    if (schema.enum !== undefined && schema.enum.indexOf(value) < 0) fail(pointer, "is not a known value");
    if (schema.const !== undefined && schema.const !== value) fail(pointer, "is not " + schema.const);
    if (kind === "string") {
      if (schema.minLength !== undefined && Array.from(value).length < schema.minLength) fail(pointer, "is too short");
      if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) fail(pointer, "has another form");
      if (schema.format === "date") dateOf(value, pointer);
      if (schema.format === "date-time") timeOf(value, pointer);
    } else if (kind === "number" || kind === "integer") {
      if (value < schema.minimum || value > schema.maximum) fail(pointer, "is out of range");
    } else if (kind === "array") {
      if (value.length < schema.minItems) fail(pointer, "has too few items");
      if (schema.items !== undefined) value.forEach((item, index) => check(schema.items, item, pointer + "/" + index));
    } else if (kind === "object") {
      (schema.required || []).forEach((key) => {
        if (own(value, key) === undefined) fail(pointer + "/" + key, "is missing");
      });
      Object.keys(value).forEach((key) => {
        const child = own(schema.properties || {}, key);
        if (child !== undefined) check(child, value[key], pointer + "/" + key);
        else if (schema.additionalProperties === false) fail(pointer + "/" + key, "is not part of the message");
      });
    }
  }

  function dateOf(text, pointer) {
    const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
    const year = parts ? Number(parts[1]) : 0, month = parts ? Number(parts[2]) : 0, day = parts ? Number(parts[3]) : 0;
    const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
    const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days[month - 1]) fail(pointer, "is not a date");
    return text;
  }

  // ISO 8601 to the one form a TIMESTAMP column takes: UTC where no offset is given, microseconds at most.
  function timeOf(text, pointer) {
    const form = /^(.{10})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2}))?$/;
    const parts = form.exec(text);
    if (!parts) fail(pointer, "is not a time");
    dateOf(parts[1], pointer);
    if (parts[2] > "23" || parts[3] > "59" || parts[4] > "59" || parts[8] > "23" || parts[9] > "59") {
      fail(pointer, "is not a time");
    }
    const zone = parts[7] ? parts[7] + parts[8] + ":" + parts[9] : "Z";
    return parts[1] + "T" + parts[2] + ":" + parts[3] + ":" + parts[4] + (parts[5] || "").slice(0, 7) + zone;
  }

  function phaseOf(label, pointer) {
    const phase = own(PHASES, label);
    if (phase === undefined) fail(pointer, "names no declared phase");
    return phase;
  }

  // The declared processor behind a class name or a table, as the functions find it; a name nobody declared stays.
  function processorOf(name, data) {
    const phase = own(PHASES, String(data.phase));
    if (phase === undefined) return name;
    const table = typeof data.output_table === "string" ? data.output_table.split(".").pop() : null;
    for (const candidate of [name, table]) {
      if (candidate !== null && own(phase.processors, candidate) !== undefined) return candidate;
    }
    for (const candidate of [name, table]) {
      for (const known of Object.keys(phase.processors)) {
        if (phase.processors[known].indexOf(candidate) >= 0) return known;
      }
    }
    const snake = name.replace(/^Async/, "").replace(/Processor$/, "")
      .replace(/([a-z0-9])(?=[A-Z])/g, "$1_").replace(/([A-Z])(?=[A-Z][a-z])/g, "$1_").toLowerCase();
    return own(phase.processors, snake) !== undefined ? snake : name;
  }

  function read(source, data, pointer) {
    let value;
    if (source.path !== undefined) {
      value = source.path.reduce((inner, key) => (kindOf(inner) === "object" ? own(inner, key) : undefined), data);
    } else if (source.from !== undefined) {
      value = own(metadata || {}, source.from);
    } else {
      value = source.value;
    }
    if (value === undefined || value === null || value === "") {
      if (source.otherwise !== undefined) return read(source.otherwise, data, pointer);
      return value === "" ? "" : undefined;
    }
    if (source.lookup === "phases") return phaseOf(value, pointer).name;
    if (source.lookup === "processors") return processorOf(value, data);
    return value;
  }

  function finite(key, value) {
    return typeof value === "number" && !Number.isFinite(value) ? fail(key, "is not finite") : value;
  }

  function convert(column, value, pointer) {
    const kind = kindOf(value);
    if (column.type === "JSON") return JSON.stringify(value, finite);
    if (column.type === "INTEGER" && Number.isSafeInteger(value)) return value;
    if (column.type === "FLOAT" && (kind === "number" || kind === "integer")) return value;
    if (column.type === "BOOLEAN" && kind === "boolean") return value;
    if (column.type === "STRING" && kind === "string") return value;
    if (column.type === "DATE" && kind === "string") return dateOf(value, pointer);
    if (column.type === "TIMESTAMP" && kind === "string") return timeOf(value, pointer);
    return fail(pointer, kind + " does not fit " + column.type);
  }

  const data = JSON.parse(message.data), row = {};
  check(SCHEMA, data, "");
  COLUMNS.forEach((column) => {
    const value = read(column.source, data, column.name);
    if (value === undefined) {
      if (column.mode === "REQUIRED") fail(column.name, "has no value");
    } else if (column.mode === "REPEATED") {
      row[column.name] = value.map((item) => convert(column, item, column.name));
    } else {
      row[column.name] = convert(column, value, column.name);
    }
  });
  return { data: JSON.stringify(row), attributes: message.attributes || {} };
}
