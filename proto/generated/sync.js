// Generated from proto/sync.proto by tools/generate-proto.ts: do not edit.
// The oracle of the differential tests; no product file imports it.
/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const sve = $root.sve = (() => {

    const sve = {};

    sve.Batch = (function() {

        const Batch = function (properties) {
            this.ops = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Batch.prototype.replica = 0;
        Batch.prototype.first = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Batch.prototype.gap = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Batch.prototype.base = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Batch.prototype.ops = $util.emptyArray;
        Batch.prototype.text = "";
        Batch.prototype.secretHash = $util.newBuffer([]);
        Batch.prototype.principal = "";
        Batch.prototype.heldMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        Batch.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.replica != null && $Object.hasOwnProperty.call(message, "replica") && message.replica !== 0)
                writer.uint32(8).uint32(message.replica);
            if (message.first != null && $Object.hasOwnProperty.call(message, "first") && (typeof message.first === "object" ? message.first.low || message.first.high : message.first !== 0))
                writer.uint32(16).uint64(message.first);
            if (message.gap != null && $Object.hasOwnProperty.call(message, "gap") && (typeof message.gap === "object" ? message.gap.low || message.gap.high : message.gap !== 0))
                writer.uint32(24).uint64(message.gap);
            if (message.base != null && $Object.hasOwnProperty.call(message, "base") && (typeof message.base === "object" ? message.base.low || message.base.high : message.base !== 0))
                writer.uint32(32).uint64(message.base);
            if (message.ops != null && message.ops.length)
                writer.uint32(42).uint64s(message.ops);
            if (message.text != null && $Object.hasOwnProperty.call(message, "text") && message.text !== "")
                writer.uint32(50).string(message.text);
            if (message.secretHash != null && $Object.hasOwnProperty.call(message, "secretHash") && message.secretHash.length)
                writer.uint32(58).bytes(message.secretHash);
            if (message.principal != null && $Object.hasOwnProperty.call(message, "principal") && message.principal !== "")
                writer.uint32(66).string(message.principal);
            if (message.heldMs != null && $Object.hasOwnProperty.call(message, "heldMs") && (typeof message.heldMs === "object" ? message.heldMs.low || message.heldMs.high : message.heldMs !== 0))
                writer.uint32(72).uint64(message.heldMs);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Batch.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Batch();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.replica = value;
                        else
                            delete message.replica;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.first = value;
                        else
                            delete message.first;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.gap = value;
                        else
                            delete message.gap;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.base = value;
                        else
                            delete message.base;
                        continue;
                    }
                case 5: {
                        if (wireType === 2) {
                            if (!(message.ops && message.ops.length))
                                message.ops = [];
                            reader.uint64s(message.ops);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.ops && message.ops.length))
                            message.ops = [];
                        message.ops.push(reader.uint64());
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.text = value;
                        else
                            delete message.text;
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.secretHash = value;
                        else
                            delete message.secretHash;
                        continue;
                    }
                case 8: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.principal = value;
                        else
                            delete message.principal;
                        continue;
                    }
                case 9: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.heldMs = value;
                        else
                            delete message.heldMs;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Batch;
    })();

    sve.Update = (function() {

        const Update = function (properties) {
            this.replicas = [];
            this.batches = [];
            this.ops = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Update.prototype.format = 0;
        Update.prototype.replicas = $util.emptyArray;
        Update.prototype.batches = $util.emptyArray;
        Update.prototype.first = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Update.prototype.gap = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Update.prototype.base = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Update.prototype.ops = $util.emptyArray;
        Update.prototype.text = "";
        Update.prototype.secretHash = $util.newBuffer([]);
        Update.prototype.principal = "";
        Update.prototype.heldMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        Update.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.format != null && $Object.hasOwnProperty.call(message, "format") && message.format !== 0)
                writer.uint32(8).uint32(message.format);
            if (message.replicas != null && message.replicas.length)
                for (let i = 0; i < message.replicas.length; ++i)
                    writer.uint32(16).uint64(message.replicas[i]);
            if (message.batches != null && message.batches.length)
                for (let i = 0; i < message.batches.length; ++i)
                    $root.sve.Batch.encode(message.batches[i], writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.first != null && $Object.hasOwnProperty.call(message, "first") && (typeof message.first === "object" ? message.first.low || message.first.high : message.first !== 0))
                writer.uint32(32).uint64(message.first);
            if (message.gap != null && $Object.hasOwnProperty.call(message, "gap") && (typeof message.gap === "object" ? message.gap.low || message.gap.high : message.gap !== 0))
                writer.uint32(40).uint64(message.gap);
            if (message.base != null && $Object.hasOwnProperty.call(message, "base") && (typeof message.base === "object" ? message.base.low || message.base.high : message.base !== 0))
                writer.uint32(48).uint64(message.base);
            if (message.ops != null && message.ops.length)
                writer.uint32(58).uint64s(message.ops);
            if (message.text != null && $Object.hasOwnProperty.call(message, "text") && message.text !== "")
                writer.uint32(66).string(message.text);
            if (message.secretHash != null && $Object.hasOwnProperty.call(message, "secretHash") && message.secretHash.length)
                writer.uint32(74).bytes(message.secretHash);
            if (message.principal != null && $Object.hasOwnProperty.call(message, "principal") && message.principal !== "")
                writer.uint32(82).string(message.principal);
            if (message.heldMs != null && $Object.hasOwnProperty.call(message, "heldMs") && (typeof message.heldMs === "object" ? message.heldMs.low || message.heldMs.high : message.heldMs !== 0))
                writer.uint32(88).uint64(message.heldMs);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Update.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Update();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.format = value;
                        else
                            delete message.format;
                        continue;
                    }
                case 2: {
                        if (wireType === 2) {
                            if (!(message.replicas && message.replicas.length))
                                message.replicas = [];
                            reader.uint64s(message.replicas);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.replicas && message.replicas.length))
                            message.replicas = [];
                        message.replicas.push(reader.uint64());
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.batches && message.batches.length))
                            message.batches = [];
                        message.batches.push($root.sve.Batch.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.first = value;
                        else
                            delete message.first;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.gap = value;
                        else
                            delete message.gap;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.base = value;
                        else
                            delete message.base;
                        continue;
                    }
                case 7: {
                        if (wireType === 2) {
                            if (!(message.ops && message.ops.length))
                                message.ops = [];
                            reader.uint64s(message.ops);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.ops && message.ops.length))
                            message.ops = [];
                        message.ops.push(reader.uint64());
                        continue;
                    }
                case 8: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.text = value;
                        else
                            delete message.text;
                        continue;
                    }
                case 9: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.secretHash = value;
                        else
                            delete message.secretHash;
                        continue;
                    }
                case 10: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.principal = value;
                        else
                            delete message.principal;
                        continue;
                    }
                case 11: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.heldMs = value;
                        else
                            delete message.heldMs;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Update;
    })();

    sve.BusMessage = (function() {

        const BusMessage = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        BusMessage.prototype.row = null;
        BusMessage.prototype.presence = null;
        BusMessage.prototype.look = null;

        BusMessage.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.row != null && $Object.hasOwnProperty.call(message, "row"))
                $root.sve.BusRow.encode(message.row, writer.uint32(10).fork(), _depth + 1).ldelim();
            if (message.presence != null && $Object.hasOwnProperty.call(message, "presence"))
                $root.sve.BusPresence.encode(message.presence, writer.uint32(18).fork(), _depth + 1).ldelim();
            if (message.look != null && $Object.hasOwnProperty.call(message, "look"))
                $root.sve.BusLook.encode(message.look, writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        BusMessage.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.BusMessage();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.row = $root.sve.BusRow.decode(reader, reader.size(), $undefined, _depth + 1, message.row);
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.presence = $root.sve.BusPresence.decode(reader, reader.size(), $undefined, _depth + 1, message.presence);
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        message.look = $root.sve.BusLook.decode(reader, reader.size(), $undefined, _depth + 1, message.look);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BusMessage;
    })();

    sve.BusLook = (function() {

        const BusLook = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        BusLook.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        BusLook.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.BusLook();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BusLook;
    })();

    sve.BusRow = (function() {

        const BusRow = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        BusRow.prototype.epoch = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        BusRow.prototype.lsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        BusRow.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        BusRow.prototype.body = $util.newBuffer([]);

        BusRow.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && (typeof message.epoch === "object" ? message.epoch.low || message.epoch.high : message.epoch !== 0))
                writer.uint32(8).uint64(message.epoch);
            if (message.lsn != null && $Object.hasOwnProperty.call(message, "lsn") && (typeof message.lsn === "object" ? message.lsn.low || message.lsn.high : message.lsn !== 0))
                writer.uint32(16).uint64(message.lsn);
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(24).uint64(message.at);
            if (message.body != null && $Object.hasOwnProperty.call(message, "body") && message.body.length)
                writer.uint32(34).bytes(message.body);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        BusRow.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.BusRow();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.epoch = value;
                        else
                            delete message.epoch;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.lsn = value;
                        else
                            delete message.lsn;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.body = value;
                        else
                            delete message.body;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BusRow;
    })();

    sve.BusPresence = (function() {

        const BusPresence = function (properties) {
            this.peers = [];
            this.left = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        BusPresence.prototype.node = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        BusPresence.prototype.epoch = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        BusPresence.prototype.peers = $util.emptyArray;
        BusPresence.prototype.left = $util.emptyArray;
        BusPresence.prototype.full = false;
        BusPresence.prototype.ask = false;

        BusPresence.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.node != null && $Object.hasOwnProperty.call(message, "node") && (typeof message.node === "object" ? message.node.low || message.node.high : message.node !== 0))
                writer.uint32(8).uint64(message.node);
            if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && (typeof message.epoch === "object" ? message.epoch.low || message.epoch.high : message.epoch !== 0))
                writer.uint32(16).uint64(message.epoch);
            if (message.peers != null && message.peers.length)
                for (let i = 0; i < message.peers.length; ++i)
                    $root.sve.BusPeer.encode(message.peers[i], writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.left != null && message.left.length)
                writer.uint32(34).uint64s(message.left);
            if (message.full != null && $Object.hasOwnProperty.call(message, "full") && message.full !== false)
                writer.uint32(40).bool(message.full);
            if (message.ask != null && $Object.hasOwnProperty.call(message, "ask") && message.ask !== false)
                writer.uint32(48).bool(message.ask);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        BusPresence.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.BusPresence();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.node = value;
                        else
                            delete message.node;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.epoch = value;
                        else
                            delete message.epoch;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.peers && message.peers.length))
                            message.peers = [];
                        message.peers.push($root.sve.BusPeer.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 4: {
                        if (wireType === 2) {
                            if (!(message.left && message.left.length))
                                message.left = [];
                            reader.uint64s(message.left);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.left && message.left.length))
                            message.left = [];
                        message.left.push(reader.uint64());
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.full = value;
                        else
                            delete message.full;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.ask = value;
                        else
                            delete message.ask;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BusPresence;
    })();

    sve.BusPeer = (function() {

        const BusPeer = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        BusPeer.prototype.session = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        BusPeer.prototype.replica = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        BusPeer.prototype.state = null;

        BusPeer.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.session != null && $Object.hasOwnProperty.call(message, "session") && (typeof message.session === "object" ? message.session.low || message.session.high : message.session !== 0))
                writer.uint32(8).uint64(message.session);
            if (message.replica != null && $Object.hasOwnProperty.call(message, "replica") && (typeof message.replica === "object" ? message.replica.low || message.replica.high : message.replica !== 0))
                writer.uint32(16).uint64(message.replica);
            if (message.state != null && $Object.hasOwnProperty.call(message, "state"))
                $root.sve.PresenceState.encode(message.state, writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        BusPeer.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.BusPeer();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.session = value;
                        else
                            delete message.session;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.replica = value;
                        else
                            delete message.replica;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        message.state = $root.sve.PresenceState.decode(reader, reader.size(), $undefined, _depth + 1, message.state);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BusPeer;
    })();

    sve.Snapshot = (function() {

        const Snapshot = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Snapshot.prototype.format = 0;
        Snapshot.prototype.head = null;
        Snapshot.prototype.checksum = 0;
        Snapshot.prototype.text = $util.newBuffer([]);
        Snapshot.prototype.columns = $util.newBuffer([]);

        Snapshot.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.format != null && $Object.hasOwnProperty.call(message, "format") && message.format !== 0)
                writer.uint32(8).uint32(message.format);
            if (message.head != null && $Object.hasOwnProperty.call(message, "head"))
                $root.sve.SnapshotHead.encode(message.head, writer.uint32(18).fork(), _depth + 1).ldelim();
            if (message.checksum != null && $Object.hasOwnProperty.call(message, "checksum") && message.checksum !== 0)
                writer.uint32(29).fixed32(message.checksum);
            if (message.text != null && $Object.hasOwnProperty.call(message, "text") && message.text.length)
                writer.uint32(34).bytes(message.text);
            if (message.columns != null && $Object.hasOwnProperty.call(message, "columns") && message.columns.length)
                writer.uint32(42).bytes(message.columns);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Snapshot.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Snapshot();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.format = value;
                        else
                            delete message.format;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.head = $root.sve.SnapshotHead.decode(reader, reader.size(), $undefined, _depth + 1, message.head);
                        continue;
                    }
                case 3: {
                        if (wireType !== 5)
                            break;
                        if (value = reader.fixed32())
                            message.checksum = value;
                        else
                            delete message.checksum;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.text = value;
                        else
                            delete message.text;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.columns = value;
                        else
                            delete message.columns;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Snapshot;
    })();

    sve.SnapshotHead = (function() {

        const SnapshotHead = function (properties) {
            this.replicas = [];
            this.voided = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        SnapshotHead.prototype.epoch = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        SnapshotHead.prototype.lsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        SnapshotHead.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        SnapshotHead.prototype.operations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        SnapshotHead.prototype.replicas = $util.emptyArray;
        SnapshotHead.prototype.voided = $util.emptyArray;
        SnapshotHead.prototype.compression = 0;
        SnapshotHead.prototype.visibleBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        SnapshotHead.prototype.hiddenBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        SnapshotHead.prototype.withoutHistory = false;
        SnapshotHead.prototype.columnsBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        SnapshotHead.prototype.textChecksum = 0;
        SnapshotHead.prototype.columnsChecksum = 0;

        SnapshotHead.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && (typeof message.epoch === "object" ? message.epoch.low || message.epoch.high : message.epoch !== 0))
                writer.uint32(8).uint64(message.epoch);
            if (message.lsn != null && $Object.hasOwnProperty.call(message, "lsn") && (typeof message.lsn === "object" ? message.lsn.low || message.lsn.high : message.lsn !== 0))
                writer.uint32(16).uint64(message.lsn);
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(24).uint64(message.at);
            if (message.operations != null && $Object.hasOwnProperty.call(message, "operations") && (typeof message.operations === "object" ? message.operations.low || message.operations.high : message.operations !== 0))
                writer.uint32(32).uint64(message.operations);
            if (message.replicas != null && message.replicas.length)
                for (let i = 0; i < message.replicas.length; ++i)
                    $root.sve.ReplicaEntry.encode(message.replicas[i], writer.uint32(42).fork(), _depth + 1).ldelim();
            if (message.voided != null && message.voided.length)
                writer.uint32(50).uint64s(message.voided);
            if (message.compression != null && $Object.hasOwnProperty.call(message, "compression") && message.compression !== 0)
                writer.uint32(56).uint32(message.compression);
            if (message.visibleBytes != null && $Object.hasOwnProperty.call(message, "visibleBytes") && (typeof message.visibleBytes === "object" ? message.visibleBytes.low || message.visibleBytes.high : message.visibleBytes !== 0))
                writer.uint32(64).uint64(message.visibleBytes);
            if (message.hiddenBytes != null && $Object.hasOwnProperty.call(message, "hiddenBytes") && (typeof message.hiddenBytes === "object" ? message.hiddenBytes.low || message.hiddenBytes.high : message.hiddenBytes !== 0))
                writer.uint32(72).uint64(message.hiddenBytes);
            if (message.withoutHistory != null && $Object.hasOwnProperty.call(message, "withoutHistory") && message.withoutHistory !== false)
                writer.uint32(80).bool(message.withoutHistory);
            if (message.columnsBytes != null && $Object.hasOwnProperty.call(message, "columnsBytes") && (typeof message.columnsBytes === "object" ? message.columnsBytes.low || message.columnsBytes.high : message.columnsBytes !== 0))
                writer.uint32(88).uint64(message.columnsBytes);
            if (message.textChecksum != null && $Object.hasOwnProperty.call(message, "textChecksum") && message.textChecksum !== 0)
                writer.uint32(101).fixed32(message.textChecksum);
            if (message.columnsChecksum != null && $Object.hasOwnProperty.call(message, "columnsChecksum") && message.columnsChecksum !== 0)
                writer.uint32(109).fixed32(message.columnsChecksum);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        SnapshotHead.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.SnapshotHead();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.epoch = value;
                        else
                            delete message.epoch;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.lsn = value;
                        else
                            delete message.lsn;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.operations = value;
                        else
                            delete message.operations;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if (!(message.replicas && message.replicas.length))
                            message.replicas = [];
                        message.replicas.push($root.sve.ReplicaEntry.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 6: {
                        if (wireType === 2) {
                            if (!(message.voided && message.voided.length))
                                message.voided = [];
                            reader.uint64s(message.voided);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.voided && message.voided.length))
                            message.voided = [];
                        message.voided.push(reader.uint64());
                        continue;
                    }
                case 7: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.compression = value;
                        else
                            delete message.compression;
                        continue;
                    }
                case 8: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.visibleBytes = value;
                        else
                            delete message.visibleBytes;
                        continue;
                    }
                case 9: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.hiddenBytes = value;
                        else
                            delete message.hiddenBytes;
                        continue;
                    }
                case 10: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.withoutHistory = value;
                        else
                            delete message.withoutHistory;
                        continue;
                    }
                case 11: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.columnsBytes = value;
                        else
                            delete message.columnsBytes;
                        continue;
                    }
                case 12: {
                        if (wireType !== 5)
                            break;
                        if (value = reader.fixed32())
                            message.textChecksum = value;
                        else
                            delete message.textChecksum;
                        continue;
                    }
                case 13: {
                        if (wireType !== 5)
                            break;
                        if (value = reader.fixed32())
                            message.columnsChecksum = value;
                        else
                            delete message.columnsChecksum;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SnapshotHead;
    })();

    sve.SnapshotColumns = (function() {

        const SnapshotColumns = function (properties) {
            this.stretchCounts = [];
            this.stretchGaps = [];
            this.stretchLengths = [];
            this.chainGaps = [];
            this.chainLengths = [];
            this.spans = [];
            this.chainSteps = [];
            this.spanLengths = [];
            this.originExceptions = [];
            this.deletions = [];
            this.deletionOffsets = [];
            this.deletionLengths = [];
            this.deletionTargets = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        SnapshotColumns.prototype.stretchCounts = $util.emptyArray;
        SnapshotColumns.prototype.stretchGaps = $util.emptyArray;
        SnapshotColumns.prototype.stretchLengths = $util.emptyArray;
        SnapshotColumns.prototype.chainGaps = $util.emptyArray;
        SnapshotColumns.prototype.chainLengths = $util.emptyArray;
        SnapshotColumns.prototype.spans = $util.emptyArray;
        SnapshotColumns.prototype.chainSteps = $util.emptyArray;
        SnapshotColumns.prototype.spanLengths = $util.emptyArray;
        SnapshotColumns.prototype.originExceptions = $util.emptyArray;
        SnapshotColumns.prototype.deletions = $util.emptyArray;
        SnapshotColumns.prototype.deletionOffsets = $util.emptyArray;
        SnapshotColumns.prototype.deletionLengths = $util.emptyArray;
        SnapshotColumns.prototype.deletionTargets = $util.emptyArray;

        SnapshotColumns.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.stretchCounts != null && message.stretchCounts.length)
                writer.uint32(10).uint32s(message.stretchCounts);
            if (message.stretchGaps != null && message.stretchGaps.length)
                writer.uint32(18).uint64s(message.stretchGaps);
            if (message.stretchLengths != null && message.stretchLengths.length)
                writer.uint32(26).uint32s(message.stretchLengths);
            if (message.chainGaps != null && message.chainGaps.length)
                writer.uint32(34).uint32s(message.chainGaps);
            if (message.chainLengths != null && message.chainLengths.length)
                writer.uint32(42).uint32s(message.chainLengths);
            if (message.spans != null && message.spans.length)
                writer.uint32(50).uint32s(message.spans);
            if (message.chainSteps != null && message.chainSteps.length)
                writer.uint32(58).sint32s(message.chainSteps);
            if (message.spanLengths != null && message.spanLengths.length)
                writer.uint32(66).uint32s(message.spanLengths);
            if (message.originExceptions != null && message.originExceptions.length)
                writer.uint32(74).uint32s(message.originExceptions);
            if (message.deletions != null && message.deletions.length)
                writer.uint32(82).uint32s(message.deletions);
            if (message.deletionOffsets != null && message.deletionOffsets.length)
                writer.uint32(90).uint32s(message.deletionOffsets);
            if (message.deletionLengths != null && message.deletionLengths.length)
                writer.uint32(98).uint32s(message.deletionLengths);
            if (message.deletionTargets != null && message.deletionTargets.length)
                writer.uint32(106).uint32s(message.deletionTargets);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        SnapshotColumns.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.SnapshotColumns();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType === 2) {
                            if (!(message.stretchCounts && message.stretchCounts.length))
                                message.stretchCounts = [];
                            reader.uint32s(message.stretchCounts);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.stretchCounts && message.stretchCounts.length))
                            message.stretchCounts = [];
                        message.stretchCounts.push(reader.uint32());
                        continue;
                    }
                case 2: {
                        if (wireType === 2) {
                            if (!(message.stretchGaps && message.stretchGaps.length))
                                message.stretchGaps = [];
                            reader.uint64s(message.stretchGaps);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.stretchGaps && message.stretchGaps.length))
                            message.stretchGaps = [];
                        message.stretchGaps.push(reader.uint64());
                        continue;
                    }
                case 3: {
                        if (wireType === 2) {
                            if (!(message.stretchLengths && message.stretchLengths.length))
                                message.stretchLengths = [];
                            reader.uint32s(message.stretchLengths);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.stretchLengths && message.stretchLengths.length))
                            message.stretchLengths = [];
                        message.stretchLengths.push(reader.uint32());
                        continue;
                    }
                case 4: {
                        if (wireType === 2) {
                            if (!(message.chainGaps && message.chainGaps.length))
                                message.chainGaps = [];
                            reader.uint32s(message.chainGaps);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.chainGaps && message.chainGaps.length))
                            message.chainGaps = [];
                        message.chainGaps.push(reader.uint32());
                        continue;
                    }
                case 5: {
                        if (wireType === 2) {
                            if (!(message.chainLengths && message.chainLengths.length))
                                message.chainLengths = [];
                            reader.uint32s(message.chainLengths);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.chainLengths && message.chainLengths.length))
                            message.chainLengths = [];
                        message.chainLengths.push(reader.uint32());
                        continue;
                    }
                case 6: {
                        if (wireType === 2) {
                            if (!(message.spans && message.spans.length))
                                message.spans = [];
                            reader.uint32s(message.spans);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.spans && message.spans.length))
                            message.spans = [];
                        message.spans.push(reader.uint32());
                        continue;
                    }
                case 7: {
                        if (wireType === 2) {
                            if (!(message.chainSteps && message.chainSteps.length))
                                message.chainSteps = [];
                            reader.sint32s(message.chainSteps);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.chainSteps && message.chainSteps.length))
                            message.chainSteps = [];
                        message.chainSteps.push(reader.sint32());
                        continue;
                    }
                case 8: {
                        if (wireType === 2) {
                            if (!(message.spanLengths && message.spanLengths.length))
                                message.spanLengths = [];
                            reader.uint32s(message.spanLengths);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.spanLengths && message.spanLengths.length))
                            message.spanLengths = [];
                        message.spanLengths.push(reader.uint32());
                        continue;
                    }
                case 9: {
                        if (wireType === 2) {
                            if (!(message.originExceptions && message.originExceptions.length))
                                message.originExceptions = [];
                            reader.uint32s(message.originExceptions);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.originExceptions && message.originExceptions.length))
                            message.originExceptions = [];
                        message.originExceptions.push(reader.uint32());
                        continue;
                    }
                case 10: {
                        if (wireType === 2) {
                            if (!(message.deletions && message.deletions.length))
                                message.deletions = [];
                            reader.uint32s(message.deletions);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.deletions && message.deletions.length))
                            message.deletions = [];
                        message.deletions.push(reader.uint32());
                        continue;
                    }
                case 11: {
                        if (wireType === 2) {
                            if (!(message.deletionOffsets && message.deletionOffsets.length))
                                message.deletionOffsets = [];
                            reader.uint32s(message.deletionOffsets);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.deletionOffsets && message.deletionOffsets.length))
                            message.deletionOffsets = [];
                        message.deletionOffsets.push(reader.uint32());
                        continue;
                    }
                case 12: {
                        if (wireType === 2) {
                            if (!(message.deletionLengths && message.deletionLengths.length))
                                message.deletionLengths = [];
                            reader.uint32s(message.deletionLengths);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.deletionLengths && message.deletionLengths.length))
                            message.deletionLengths = [];
                        message.deletionLengths.push(reader.uint32());
                        continue;
                    }
                case 13: {
                        if (wireType === 2) {
                            if (!(message.deletionTargets && message.deletionTargets.length))
                                message.deletionTargets = [];
                            reader.uint32s(message.deletionTargets);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.deletionTargets && message.deletionTargets.length))
                            message.deletionTargets = [];
                        message.deletionTargets.push(reader.uint32());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SnapshotColumns;
    })();

    sve.ReplicaEntry = (function() {

        const ReplicaEntry = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ReplicaEntry.prototype.id = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ReplicaEntry.prototype.last = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ReplicaEntry.prototype.secretHash = $util.newBuffer([]);
        ReplicaEntry.prototype.principal = "";
        ReplicaEntry.prototype.since = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        ReplicaEntry.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.id != null && $Object.hasOwnProperty.call(message, "id") && (typeof message.id === "object" ? message.id.low || message.id.high : message.id !== 0))
                writer.uint32(8).uint64(message.id);
            if (message.last != null && $Object.hasOwnProperty.call(message, "last") && (typeof message.last === "object" ? message.last.low || message.last.high : message.last !== 0))
                writer.uint32(16).uint64(message.last);
            if (message.secretHash != null && $Object.hasOwnProperty.call(message, "secretHash") && message.secretHash.length)
                writer.uint32(26).bytes(message.secretHash);
            if (message.principal != null && $Object.hasOwnProperty.call(message, "principal") && message.principal !== "")
                writer.uint32(34).string(message.principal);
            if (message.since != null && $Object.hasOwnProperty.call(message, "since") && (typeof message.since === "object" ? message.since.low || message.since.high : message.since !== 0))
                writer.uint32(40).uint64(message.since);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ReplicaEntry.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ReplicaEntry();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.id = value;
                        else
                            delete message.id;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.last = value;
                        else
                            delete message.last;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.secretHash = value;
                        else
                            delete message.secretHash;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.principal = value;
                        else
                            delete message.principal;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.since = value;
                        else
                            delete message.since;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ReplicaEntry;
    })();

    sve.Cursor = (function() {

        const Cursor = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Cursor.prototype.epoch = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Cursor.prototype.lsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Cursor.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Cursor.prototype.operations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        Cursor.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && (typeof message.epoch === "object" ? message.epoch.low || message.epoch.high : message.epoch !== 0))
                writer.uint32(8).uint64(message.epoch);
            if (message.lsn != null && $Object.hasOwnProperty.call(message, "lsn") && (typeof message.lsn === "object" ? message.lsn.low || message.lsn.high : message.lsn !== 0))
                writer.uint32(16).uint64(message.lsn);
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(24).uint64(message.at);
            if (message.operations != null && $Object.hasOwnProperty.call(message, "operations") && (typeof message.operations === "object" ? message.operations.low || message.operations.high : message.operations !== 0))
                writer.uint32(32).uint64(message.operations);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Cursor.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Cursor();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.epoch = value;
                        else
                            delete message.epoch;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.lsn = value;
                        else
                            delete message.lsn;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.operations = value;
                        else
                            delete message.operations;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Cursor;
    })();

    sve.ClientFrame = (function() {

        const ClientFrame = function (properties) {
            this.batches = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ClientFrame.prototype.channel = 0;
        ClientFrame.prototype.hello = null;
        ClientFrame.prototype.batches = $util.emptyArray;
        ClientFrame.prototype.presence = null;
        ClientFrame.prototype.token = null;
        ClientFrame.prototype.heartbeat = null;
        ClientFrame.prototype.leave = null;
        ClientFrame.prototype.thin = null;

        ClientFrame.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.channel != null && $Object.hasOwnProperty.call(message, "channel") && message.channel !== 0)
                writer.uint32(8).uint32(message.channel);
            if (message.hello != null && $Object.hasOwnProperty.call(message, "hello"))
                $root.sve.Hello.encode(message.hello, writer.uint32(18).fork(), _depth + 1).ldelim();
            if (message.batches != null && message.batches.length)
                for (let i = 0; i < message.batches.length; ++i)
                    $root.sve.Batch.encode(message.batches[i], writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.presence != null && $Object.hasOwnProperty.call(message, "presence"))
                $root.sve.PresenceState.encode(message.presence, writer.uint32(34).fork(), _depth + 1).ldelim();
            if (message.token != null && $Object.hasOwnProperty.call(message, "token"))
                $root.sve.TokenRefresh.encode(message.token, writer.uint32(42).fork(), _depth + 1).ldelim();
            if (message.heartbeat != null && $Object.hasOwnProperty.call(message, "heartbeat"))
                $root.sve.Heartbeat.encode(message.heartbeat, writer.uint32(50).fork(), _depth + 1).ldelim();
            if (message.leave != null && $Object.hasOwnProperty.call(message, "leave"))
                $root.sve.Leave.encode(message.leave, writer.uint32(58).fork(), _depth + 1).ldelim();
            if (message.thin != null && $Object.hasOwnProperty.call(message, "thin"))
                $root.sve.ThinEdit.encode(message.thin, writer.uint32(66).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ClientFrame.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ClientFrame();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.channel = value;
                        else
                            delete message.channel;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.hello = $root.sve.Hello.decode(reader, reader.size(), $undefined, _depth + 1, message.hello);
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.batches && message.batches.length))
                            message.batches = [];
                        message.batches.push($root.sve.Batch.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        message.presence = $root.sve.PresenceState.decode(reader, reader.size(), $undefined, _depth + 1, message.presence);
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        message.token = $root.sve.TokenRefresh.decode(reader, reader.size(), $undefined, _depth + 1, message.token);
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        message.heartbeat = $root.sve.Heartbeat.decode(reader, reader.size(), $undefined, _depth + 1, message.heartbeat);
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        message.leave = $root.sve.Leave.decode(reader, reader.size(), $undefined, _depth + 1, message.leave);
                        continue;
                    }
                case 8: {
                        if (wireType !== 2)
                            break;
                        message.thin = $root.sve.ThinEdit.decode(reader, reader.size(), $undefined, _depth + 1, message.thin);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ClientFrame;
    })();

    sve.Hello = (function() {

        const Hello = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Hello.prototype.protocol = 0;
        Hello.prototype.document = "";
        Hello.prototype.replica = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Hello.prototype.secret = $util.newBuffer([]);
        Hello.prototype.token = "";
        Hello.prototype.cursor = null;
        Hello.prototype.thin = false;
        Hello.prototype.whole = false;
        Hello.prototype.settled = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        Hello.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.protocol != null && $Object.hasOwnProperty.call(message, "protocol") && message.protocol !== 0)
                writer.uint32(8).uint32(message.protocol);
            if (message.document != null && $Object.hasOwnProperty.call(message, "document") && message.document !== "")
                writer.uint32(18).string(message.document);
            if (message.replica != null && $Object.hasOwnProperty.call(message, "replica") && (typeof message.replica === "object" ? message.replica.low || message.replica.high : message.replica !== 0))
                writer.uint32(24).uint64(message.replica);
            if (message.secret != null && $Object.hasOwnProperty.call(message, "secret") && message.secret.length)
                writer.uint32(34).bytes(message.secret);
            if (message.token != null && $Object.hasOwnProperty.call(message, "token") && message.token !== "")
                writer.uint32(42).string(message.token);
            if (message.cursor != null && $Object.hasOwnProperty.call(message, "cursor"))
                $root.sve.Cursor.encode(message.cursor, writer.uint32(50).fork(), _depth + 1).ldelim();
            if (message.thin != null && $Object.hasOwnProperty.call(message, "thin") && message.thin !== false)
                writer.uint32(56).bool(message.thin);
            if (message.whole != null && $Object.hasOwnProperty.call(message, "whole") && message.whole !== false)
                writer.uint32(64).bool(message.whole);
            if (message.settled != null && $Object.hasOwnProperty.call(message, "settled") && (typeof message.settled === "object" ? message.settled.low || message.settled.high : message.settled !== 0))
                writer.uint32(72).uint64(message.settled);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Hello.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Hello();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.protocol = value;
                        else
                            delete message.protocol;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.document = value;
                        else
                            delete message.document;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.replica = value;
                        else
                            delete message.replica;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.secret = value;
                        else
                            delete message.secret;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.token = value;
                        else
                            delete message.token;
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        message.cursor = $root.sve.Cursor.decode(reader, reader.size(), $undefined, _depth + 1, message.cursor);
                        continue;
                    }
                case 7: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.thin = value;
                        else
                            delete message.thin;
                        continue;
                    }
                case 8: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.whole = value;
                        else
                            delete message.whole;
                        continue;
                    }
                case 9: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.settled = value;
                        else
                            delete message.settled;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Hello;
    })();

    sve.TokenRefresh = (function() {

        const TokenRefresh = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        TokenRefresh.prototype.token = "";

        TokenRefresh.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.token != null && $Object.hasOwnProperty.call(message, "token") && message.token !== "")
                writer.uint32(10).string(message.token);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        TokenRefresh.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.TokenRefresh();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.token = value;
                        else
                            delete message.token;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return TokenRefresh;
    })();

    sve.Leave = (function() {

        const Leave = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Leave.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Leave.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Leave();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Leave;
    })();

    sve.Heartbeat = (function() {

        const Heartbeat = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Heartbeat.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        Heartbeat.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(8).uint64(message.at);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Heartbeat.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Heartbeat();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Heartbeat;
    })();

    sve.ThinEdit = (function() {

        const ThinEdit = function (properties) {
            this.splices = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ThinEdit.prototype.first = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ThinEdit.prototype.gap = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ThinEdit.prototype.base = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ThinEdit.prototype.splices = $util.emptyArray;

        ThinEdit.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.first != null && $Object.hasOwnProperty.call(message, "first") && (typeof message.first === "object" ? message.first.low || message.first.high : message.first !== 0))
                writer.uint32(8).uint64(message.first);
            if (message.gap != null && $Object.hasOwnProperty.call(message, "gap") && (typeof message.gap === "object" ? message.gap.low || message.gap.high : message.gap !== 0))
                writer.uint32(16).uint64(message.gap);
            if (message.base != null && $Object.hasOwnProperty.call(message, "base") && (typeof message.base === "object" ? message.base.low || message.base.high : message.base !== 0))
                writer.uint32(24).uint64(message.base);
            if (message.splices != null && message.splices.length)
                for (let i = 0; i < message.splices.length; ++i)
                    $root.sve.Splice.encode(message.splices[i], writer.uint32(34).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ThinEdit.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ThinEdit();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.first = value;
                        else
                            delete message.first;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.gap = value;
                        else
                            delete message.gap;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.base = value;
                        else
                            delete message.base;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if (!(message.splices && message.splices.length))
                            message.splices = [];
                        message.splices.push($root.sve.Splice.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ThinEdit;
    })();

    sve.Splice = (function() {

        const Splice = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Splice.prototype.index = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Splice.prototype.deleted = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Splice.prototype.inserted = "";

        Splice.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.index != null && $Object.hasOwnProperty.call(message, "index") && (typeof message.index === "object" ? message.index.low || message.index.high : message.index !== 0))
                writer.uint32(8).uint64(message.index);
            if (message.deleted != null && $Object.hasOwnProperty.call(message, "deleted") && (typeof message.deleted === "object" ? message.deleted.low || message.deleted.high : message.deleted !== 0))
                writer.uint32(16).uint64(message.deleted);
            if (message.inserted != null && $Object.hasOwnProperty.call(message, "inserted") && message.inserted !== "")
                writer.uint32(26).string(message.inserted);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Splice.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Splice();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.index = value;
                        else
                            delete message.index;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.deleted = value;
                        else
                            delete message.deleted;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.inserted = value;
                        else
                            delete message.inserted;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Splice;
    })();

    sve.ServerFrame = (function() {

        const ServerFrame = function (properties) {
            this.rows = [];
            this.loneRows = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ServerFrame.prototype.channel = 0;
        ServerFrame.prototype.rows = $util.emptyArray;
        ServerFrame.prototype.ack = null;
        ServerFrame.prototype.welcome = null;
        ServerFrame.prototype.presence = null;
        ServerFrame.prototype.error = null;
        ServerFrame.prototype.heartbeat = null;
        ServerFrame.prototype.window = null;
        ServerFrame.prototype.patch = null;
        ServerFrame.prototype.snapshotPiece = $util.newBuffer([]);
        ServerFrame.prototype.loneRows = $util.emptyArray;

        ServerFrame.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.channel != null && $Object.hasOwnProperty.call(message, "channel") && message.channel !== 0)
                writer.uint32(8).uint32(message.channel);
            if (message.rows != null && message.rows.length)
                for (let i = 0; i < message.rows.length; ++i)
                    $root.sve.Row.encode(message.rows[i], writer.uint32(18).fork(), _depth + 1).ldelim();
            if (message.ack != null && $Object.hasOwnProperty.call(message, "ack"))
                $root.sve.Ack.encode(message.ack, writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.welcome != null && $Object.hasOwnProperty.call(message, "welcome"))
                $root.sve.Welcome.encode(message.welcome, writer.uint32(34).fork(), _depth + 1).ldelim();
            if (message.presence != null && $Object.hasOwnProperty.call(message, "presence"))
                $root.sve.PresenceUpdate.encode(message.presence, writer.uint32(42).fork(), _depth + 1).ldelim();
            if (message.error != null && $Object.hasOwnProperty.call(message, "error"))
                $root.sve.Error.encode(message.error, writer.uint32(50).fork(), _depth + 1).ldelim();
            if (message.heartbeat != null && $Object.hasOwnProperty.call(message, "heartbeat"))
                $root.sve.Heartbeat.encode(message.heartbeat, writer.uint32(58).fork(), _depth + 1).ldelim();
            if (message.window != null && $Object.hasOwnProperty.call(message, "window"))
                $root.sve.Window.encode(message.window, writer.uint32(66).fork(), _depth + 1).ldelim();
            if (message.patch != null && $Object.hasOwnProperty.call(message, "patch"))
                $root.sve.ThinPatch.encode(message.patch, writer.uint32(74).fork(), _depth + 1).ldelim();
            if (message.snapshotPiece != null && $Object.hasOwnProperty.call(message, "snapshotPiece") && message.snapshotPiece.length)
                writer.uint32(82).bytes(message.snapshotPiece);
            if (message.loneRows != null && message.loneRows.length)
                for (let i = 0; i < message.loneRows.length; ++i)
                    writer.uint32(90).bytes(message.loneRows[i]);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ServerFrame.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ServerFrame();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.channel = value;
                        else
                            delete message.channel;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.rows && message.rows.length))
                            message.rows = [];
                        message.rows.push($root.sve.Row.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        message.ack = $root.sve.Ack.decode(reader, reader.size(), $undefined, _depth + 1, message.ack);
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        message.welcome = $root.sve.Welcome.decode(reader, reader.size(), $undefined, _depth + 1, message.welcome);
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        message.presence = $root.sve.PresenceUpdate.decode(reader, reader.size(), $undefined, _depth + 1, message.presence);
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        message.error = $root.sve.Error.decode(reader, reader.size(), $undefined, _depth + 1, message.error);
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        message.heartbeat = $root.sve.Heartbeat.decode(reader, reader.size(), $undefined, _depth + 1, message.heartbeat);
                        continue;
                    }
                case 8: {
                        if (wireType !== 2)
                            break;
                        message.window = $root.sve.Window.decode(reader, reader.size(), $undefined, _depth + 1, message.window);
                        continue;
                    }
                case 9: {
                        if (wireType !== 2)
                            break;
                        message.patch = $root.sve.ThinPatch.decode(reader, reader.size(), $undefined, _depth + 1, message.patch);
                        continue;
                    }
                case 10: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.snapshotPiece = value;
                        else
                            delete message.snapshotPiece;
                        continue;
                    }
                case 11: {
                        if (wireType !== 2)
                            break;
                        if (!(message.loneRows && message.loneRows.length))
                            message.loneRows = [];
                        message.loneRows.push(reader.bytes());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ServerFrame;
    })();

    sve.Row = (function() {

        const Row = function (properties) {
            this.introduced = [];
            this.batches = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Row.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Row.prototype.introduced = $util.emptyArray;
        Row.prototype.batches = $util.emptyArray;
        Row.prototype.epoch = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        Row.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(8).uint64(message.at);
            if (message.introduced != null && message.introduced.length)
                for (let i = 0; i < message.introduced.length; ++i)
                    writer.uint32(16).uint64(message.introduced[i]);
            if (message.batches != null && message.batches.length)
                for (let i = 0; i < message.batches.length; ++i)
                    $root.sve.Batch.encode(message.batches[i], writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && (typeof message.epoch === "object" ? message.epoch.low || message.epoch.high : message.epoch !== 0))
                writer.uint32(32).uint64(message.epoch);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Row.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Row();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 2: {
                        if (wireType === 2) {
                            if (!(message.introduced && message.introduced.length))
                                message.introduced = [];
                            reader.uint64s(message.introduced);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.introduced && message.introduced.length))
                            message.introduced = [];
                        message.introduced.push(reader.uint64());
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.batches && message.batches.length))
                            message.batches = [];
                        message.batches.push($root.sve.Batch.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.epoch = value;
                        else
                            delete message.epoch;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Row;
    })();

    sve.Ack = (function() {

        const Ack = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Ack.prototype.through = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Ack.prototype.lsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Ack.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Ack.prototype.staleOperations = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Ack.prototype.staleMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        Ack.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.through != null && $Object.hasOwnProperty.call(message, "through") && (typeof message.through === "object" ? message.through.low || message.through.high : message.through !== 0))
                writer.uint32(8).uint64(message.through);
            if (message.lsn != null && $Object.hasOwnProperty.call(message, "lsn") && (typeof message.lsn === "object" ? message.lsn.low || message.lsn.high : message.lsn !== 0))
                writer.uint32(16).uint64(message.lsn);
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(24).uint64(message.at);
            if (message.staleOperations != null && $Object.hasOwnProperty.call(message, "staleOperations") && (typeof message.staleOperations === "object" ? message.staleOperations.low || message.staleOperations.high : message.staleOperations !== 0))
                writer.uint32(32).uint64(message.staleOperations);
            if (message.staleMs != null && $Object.hasOwnProperty.call(message, "staleMs") && (typeof message.staleMs === "object" ? message.staleMs.low || message.staleMs.high : message.staleMs !== 0))
                writer.uint32(40).uint64(message.staleMs);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Ack.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Ack();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.through = value;
                        else
                            delete message.through;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.lsn = value;
                        else
                            delete message.lsn;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.staleOperations = value;
                        else
                            delete message.staleOperations;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.staleMs = value;
                        else
                            delete message.staleMs;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Ack;
    })();

    sve.Welcome = (function() {

        const Welcome = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Welcome.prototype.cursor = null;
        Welcome.prototype.snapshot = $util.newBuffer([]);
        Welcome.prototype.through = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Welcome.prototype.headLsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Welcome.prototype.now = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Welcome.prototype.heartbeatMs = 0;
        Welcome.prototype.window = null;
        Welcome.prototype.writable = false;
        Welcome.prototype.session = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Welcome.prototype.protocol = 0;
        Welcome.prototype.snapshotBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        Welcome.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.cursor != null && $Object.hasOwnProperty.call(message, "cursor"))
                $root.sve.Cursor.encode(message.cursor, writer.uint32(10).fork(), _depth + 1).ldelim();
            if (message.snapshot != null && $Object.hasOwnProperty.call(message, "snapshot") && message.snapshot.length)
                writer.uint32(18).bytes(message.snapshot);
            if (message.through != null && $Object.hasOwnProperty.call(message, "through") && (typeof message.through === "object" ? message.through.low || message.through.high : message.through !== 0))
                writer.uint32(24).uint64(message.through);
            if (message.headLsn != null && $Object.hasOwnProperty.call(message, "headLsn") && (typeof message.headLsn === "object" ? message.headLsn.low || message.headLsn.high : message.headLsn !== 0))
                writer.uint32(32).uint64(message.headLsn);
            if (message.now != null && $Object.hasOwnProperty.call(message, "now") && (typeof message.now === "object" ? message.now.low || message.now.high : message.now !== 0))
                writer.uint32(40).uint64(message.now);
            if (message.heartbeatMs != null && $Object.hasOwnProperty.call(message, "heartbeatMs") && message.heartbeatMs !== 0)
                writer.uint32(48).uint32(message.heartbeatMs);
            if (message.window != null && $Object.hasOwnProperty.call(message, "window"))
                $root.sve.Window.encode(message.window, writer.uint32(58).fork(), _depth + 1).ldelim();
            if (message.writable != null && $Object.hasOwnProperty.call(message, "writable") && message.writable !== false)
                writer.uint32(64).bool(message.writable);
            if (message.session != null && $Object.hasOwnProperty.call(message, "session") && (typeof message.session === "object" ? message.session.low || message.session.high : message.session !== 0))
                writer.uint32(72).uint64(message.session);
            if (message.protocol != null && $Object.hasOwnProperty.call(message, "protocol") && message.protocol !== 0)
                writer.uint32(80).uint32(message.protocol);
            if (message.snapshotBytes != null && $Object.hasOwnProperty.call(message, "snapshotBytes") && (typeof message.snapshotBytes === "object" ? message.snapshotBytes.low || message.snapshotBytes.high : message.snapshotBytes !== 0))
                writer.uint32(88).uint64(message.snapshotBytes);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Welcome.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Welcome();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.cursor = $root.sve.Cursor.decode(reader, reader.size(), $undefined, _depth + 1, message.cursor);
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.snapshot = value;
                        else
                            delete message.snapshot;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.through = value;
                        else
                            delete message.through;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.headLsn = value;
                        else
                            delete message.headLsn;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.now = value;
                        else
                            delete message.now;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.heartbeatMs = value;
                        else
                            delete message.heartbeatMs;
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        message.window = $root.sve.Window.decode(reader, reader.size(), $undefined, _depth + 1, message.window);
                        continue;
                    }
                case 8: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.writable = value;
                        else
                            delete message.writable;
                        continue;
                    }
                case 9: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.session = value;
                        else
                            delete message.session;
                        continue;
                    }
                case 10: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.protocol = value;
                        else
                            delete message.protocol;
                        continue;
                    }
                case 11: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.snapshotBytes = value;
                        else
                            delete message.snapshotBytes;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Welcome;
    })();

    sve.Window = (function() {

        const Window = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Window.prototype.bytes = 0;
        Window.prototype.operations = 0;

        Window.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.bytes != null && $Object.hasOwnProperty.call(message, "bytes") && message.bytes !== 0)
                writer.uint32(8).uint32(message.bytes);
            if (message.operations != null && $Object.hasOwnProperty.call(message, "operations") && message.operations !== 0)
                writer.uint32(16).uint32(message.operations);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Window.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Window();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.bytes = value;
                        else
                            delete message.bytes;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.operations = value;
                        else
                            delete message.operations;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Window;
    })();

    sve.Anchor = (function() {

        const Anchor = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Anchor.prototype.replica = 0;
        Anchor.prototype.timestamp = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Anchor.prototype.side = 0;

        Anchor.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.replica != null && $Object.hasOwnProperty.call(message, "replica") && message.replica !== 0)
                writer.uint32(8).uint32(message.replica);
            if (message.timestamp != null && $Object.hasOwnProperty.call(message, "timestamp") && (typeof message.timestamp === "object" ? message.timestamp.low || message.timestamp.high : message.timestamp !== 0))
                writer.uint32(16).uint64(message.timestamp);
            if (message.side != null && $Object.hasOwnProperty.call(message, "side") && message.side !== 0)
                writer.uint32(24).uint32(message.side);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Anchor.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Anchor();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.replica = value;
                        else
                            delete message.replica;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.timestamp = value;
                        else
                            delete message.timestamp;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.side = value;
                        else
                            delete message.side;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Anchor;
    })();

    sve.PresenceState = (function() {

        const PresenceState = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        PresenceState.prototype.name = "";
        PresenceState.prototype.color = "";
        PresenceState.prototype.head = null;
        PresenceState.prototype.anchor = null;

        PresenceState.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(10).string(message.name);
            if (message.color != null && $Object.hasOwnProperty.call(message, "color") && message.color !== "")
                writer.uint32(18).string(message.color);
            if (message.head != null && $Object.hasOwnProperty.call(message, "head"))
                $root.sve.Anchor.encode(message.head, writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.anchor != null && $Object.hasOwnProperty.call(message, "anchor"))
                $root.sve.Anchor.encode(message.anchor, writer.uint32(34).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        PresenceState.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.PresenceState();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.color = value;
                        else
                            delete message.color;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        message.head = $root.sve.Anchor.decode(reader, reader.size(), $undefined, _depth + 1, message.head);
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        message.anchor = $root.sve.Anchor.decode(reader, reader.size(), $undefined, _depth + 1, message.anchor);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return PresenceState;
    })();

    sve.PresenceUpdate = (function() {

        const PresenceUpdate = function (properties) {
            this.peers = [];
            this.left = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        PresenceUpdate.prototype.peers = $util.emptyArray;
        PresenceUpdate.prototype.left = $util.emptyArray;
        PresenceUpdate.prototype.full = false;

        PresenceUpdate.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.peers != null && message.peers.length)
                for (let i = 0; i < message.peers.length; ++i)
                    $root.sve.Peer.encode(message.peers[i], writer.uint32(10).fork(), _depth + 1).ldelim();
            if (message.left != null && message.left.length)
                writer.uint32(18).uint64s(message.left);
            if (message.full != null && $Object.hasOwnProperty.call(message, "full") && message.full !== false)
                writer.uint32(24).bool(message.full);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        PresenceUpdate.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.PresenceUpdate();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.peers && message.peers.length))
                            message.peers = [];
                        message.peers.push($root.sve.Peer.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 2: {
                        if (wireType === 2) {
                            if (!(message.left && message.left.length))
                                message.left = [];
                            reader.uint64s(message.left);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.left && message.left.length))
                            message.left = [];
                        message.left.push(reader.uint64());
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.full = value;
                        else
                            delete message.full;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return PresenceUpdate;
    })();

    sve.Peer = (function() {

        const Peer = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Peer.prototype.session = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        Peer.prototype.state = null;
        Peer.prototype.line = 0;
        Peer.prototype.column = 0;
        Peer.prototype.moved = false;

        Peer.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.session != null && $Object.hasOwnProperty.call(message, "session") && (typeof message.session === "object" ? message.session.low || message.session.high : message.session !== 0))
                writer.uint32(8).uint64(message.session);
            if (message.state != null && $Object.hasOwnProperty.call(message, "state"))
                $root.sve.PresenceState.encode(message.state, writer.uint32(18).fork(), _depth + 1).ldelim();
            if (message.line != null && $Object.hasOwnProperty.call(message, "line") && message.line !== 0)
                writer.uint32(24).uint32(message.line);
            if (message.column != null && $Object.hasOwnProperty.call(message, "column") && message.column !== 0)
                writer.uint32(32).uint32(message.column);
            if (message.moved != null && $Object.hasOwnProperty.call(message, "moved") && message.moved !== false)
                writer.uint32(40).bool(message.moved);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Peer.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Peer();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.session = value;
                        else
                            delete message.session;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.state = $root.sve.PresenceState.decode(reader, reader.size(), $undefined, _depth + 1, message.state);
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.line = value;
                        else
                            delete message.line;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.column = value;
                        else
                            delete message.column;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.moved = value;
                        else
                            delete message.moved;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Peer;
    })();

    sve.Error = (function() {

        const Error = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        Error.prototype.code = "";
        Error.prototype.message = "";
        Error.prototype.retry = 0;
        Error.prototype.retryAfterMs = 0;

        Error.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== "")
                writer.uint32(10).string(message.code);
            if (message.message != null && $Object.hasOwnProperty.call(message, "message") && message.message !== "")
                writer.uint32(18).string(message.message);
            if (message.retry != null && $Object.hasOwnProperty.call(message, "retry") && message.retry !== 0)
                writer.uint32(24).uint32(message.retry);
            if (message.retryAfterMs != null && $Object.hasOwnProperty.call(message, "retryAfterMs") && message.retryAfterMs !== 0)
                writer.uint32(32).uint32(message.retryAfterMs);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        Error.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.Error();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.code = value;
                        else
                            delete message.code;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.message = value;
                        else
                            delete message.message;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.retry = value;
                        else
                            delete message.retry;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.retryAfterMs = value;
                        else
                            delete message.retryAfterMs;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Error;
    })();

    sve.ThinPatch = (function() {

        const ThinPatch = function (properties) {
            this.splices = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ThinPatch.prototype.lsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ThinPatch.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ThinPatch.prototype.splices = $util.emptyArray;

        ThinPatch.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.lsn != null && $Object.hasOwnProperty.call(message, "lsn") && (typeof message.lsn === "object" ? message.lsn.low || message.lsn.high : message.lsn !== 0))
                writer.uint32(8).uint64(message.lsn);
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(16).uint64(message.at);
            if (message.splices != null && message.splices.length)
                for (let i = 0; i < message.splices.length; ++i)
                    $root.sve.Splice.encode(message.splices[i], writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ThinPatch.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ThinPatch();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.lsn = value;
                        else
                            delete message.lsn;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.splices && message.splices.length))
                            message.splices = [];
                        message.splices.push($root.sve.Splice.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ThinPatch;
    })();

    sve.ExportRecord = (function() {

        const ExportRecord = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ExportRecord.prototype.header = null;
        ExportRecord.prototype.snapshot = $util.newBuffer([]);
        ExportRecord.prototype.row = null;
        ExportRecord.prototype.version = null;
        ExportRecord.prototype.end = null;

        ExportRecord.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.header != null && $Object.hasOwnProperty.call(message, "header"))
                $root.sve.ExportHeader.encode(message.header, writer.uint32(10).fork(), _depth + 1).ldelim();
            if (message.snapshot != null && $Object.hasOwnProperty.call(message, "snapshot") && message.snapshot.length)
                writer.uint32(18).bytes(message.snapshot);
            if (message.row != null && $Object.hasOwnProperty.call(message, "row"))
                $root.sve.ExportRow.encode(message.row, writer.uint32(26).fork(), _depth + 1).ldelim();
            if (message.version != null && $Object.hasOwnProperty.call(message, "version"))
                $root.sve.ExportVersion.encode(message.version, writer.uint32(34).fork(), _depth + 1).ldelim();
            if (message.end != null && $Object.hasOwnProperty.call(message, "end"))
                $root.sve.ExportEnd.encode(message.end, writer.uint32(42).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ExportRecord.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ExportRecord();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.header = $root.sve.ExportHeader.decode(reader, reader.size(), $undefined, _depth + 1, message.header);
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.snapshot = value;
                        else
                            delete message.snapshot;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        message.row = $root.sve.ExportRow.decode(reader, reader.size(), $undefined, _depth + 1, message.row);
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        message.version = $root.sve.ExportVersion.decode(reader, reader.size(), $undefined, _depth + 1, message.version);
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        message.end = $root.sve.ExportEnd.decode(reader, reader.size(), $undefined, _depth + 1, message.end);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ExportRecord;
    })();

    sve.ExportHeader = (function() {

        const ExportHeader = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ExportHeader.prototype.format = 0;
        ExportHeader.prototype.document = "";
        ExportHeader.prototype.epoch = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportHeader.prototype.lsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportHeader.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportHeader.prototype.prunedLsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportHeader.prototype.exportedAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportHeader.prototype.snapshotBytes = 0;

        ExportHeader.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.format != null && $Object.hasOwnProperty.call(message, "format") && message.format !== 0)
                writer.uint32(8).uint32(message.format);
            if (message.document != null && $Object.hasOwnProperty.call(message, "document") && message.document !== "")
                writer.uint32(18).string(message.document);
            if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && (typeof message.epoch === "object" ? message.epoch.low || message.epoch.high : message.epoch !== 0))
                writer.uint32(24).uint64(message.epoch);
            if (message.lsn != null && $Object.hasOwnProperty.call(message, "lsn") && (typeof message.lsn === "object" ? message.lsn.low || message.lsn.high : message.lsn !== 0))
                writer.uint32(32).uint64(message.lsn);
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(40).uint64(message.at);
            if (message.prunedLsn != null && $Object.hasOwnProperty.call(message, "prunedLsn") && (typeof message.prunedLsn === "object" ? message.prunedLsn.low || message.prunedLsn.high : message.prunedLsn !== 0))
                writer.uint32(48).uint64(message.prunedLsn);
            if (message.exportedAt != null && $Object.hasOwnProperty.call(message, "exportedAt") && (typeof message.exportedAt === "object" ? message.exportedAt.low || message.exportedAt.high : message.exportedAt !== 0))
                writer.uint32(56).uint64(message.exportedAt);
            if (message.snapshotBytes != null && $Object.hasOwnProperty.call(message, "snapshotBytes") && message.snapshotBytes !== 0)
                writer.uint32(64).uint32(message.snapshotBytes);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ExportHeader.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ExportHeader();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.format = value;
                        else
                            delete message.format;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.document = value;
                        else
                            delete message.document;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.epoch = value;
                        else
                            delete message.epoch;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.lsn = value;
                        else
                            delete message.lsn;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.prunedLsn = value;
                        else
                            delete message.prunedLsn;
                        continue;
                    }
                case 7: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.exportedAt = value;
                        else
                            delete message.exportedAt;
                        continue;
                    }
                case 8: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.snapshotBytes = value;
                        else
                            delete message.snapshotBytes;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ExportHeader;
    })();

    sve.ExportRow = (function() {

        const ExportRow = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ExportRow.prototype.lsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportRow.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportRow.prototype.body = $util.newBuffer([]);

        ExportRow.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.lsn != null && $Object.hasOwnProperty.call(message, "lsn") && (typeof message.lsn === "object" ? message.lsn.low || message.lsn.high : message.lsn !== 0))
                writer.uint32(8).uint64(message.lsn);
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(16).uint64(message.at);
            if (message.body != null && $Object.hasOwnProperty.call(message, "body") && message.body.length)
                writer.uint32(26).bytes(message.body);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ExportRow.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ExportRow();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.lsn = value;
                        else
                            delete message.lsn;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.body = value;
                        else
                            delete message.body;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ExportRow;
    })();

    sve.ExportVersion = (function() {

        const ExportVersion = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ExportVersion.prototype.name = "";
        ExportVersion.prototype.lsn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportVersion.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportVersion.prototype.createdAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportVersion.prototype.principal = "";

        ExportVersion.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(10).string(message.name);
            if (message.lsn != null && $Object.hasOwnProperty.call(message, "lsn") && (typeof message.lsn === "object" ? message.lsn.low || message.lsn.high : message.lsn !== 0))
                writer.uint32(16).uint64(message.lsn);
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                writer.uint32(24).uint64(message.at);
            if (message.createdAt != null && $Object.hasOwnProperty.call(message, "createdAt") && (typeof message.createdAt === "object" ? message.createdAt.low || message.createdAt.high : message.createdAt !== 0))
                writer.uint32(32).uint64(message.createdAt);
            if (message.principal != null && $Object.hasOwnProperty.call(message, "principal") && message.principal !== "")
                writer.uint32(42).string(message.principal);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ExportVersion.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ExportVersion();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.lsn = value;
                        else
                            delete message.lsn;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.createdAt = value;
                        else
                            delete message.createdAt;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.principal = value;
                        else
                            delete message.principal;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ExportVersion;
    })();

    sve.ExportEnd = (function() {

        const ExportEnd = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        ExportEnd.prototype.rows = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportEnd.prototype.versions = $util.Long ? $util.Long.fromBits(0,0,true) : 0;
        ExportEnd.prototype.hash = $util.newBuffer([]);

        ExportEnd.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.rows != null && $Object.hasOwnProperty.call(message, "rows") && (typeof message.rows === "object" ? message.rows.low || message.rows.high : message.rows !== 0))
                writer.uint32(8).uint64(message.rows);
            if (message.versions != null && $Object.hasOwnProperty.call(message, "versions") && (typeof message.versions === "object" ? message.versions.low || message.versions.high : message.versions !== 0))
                writer.uint32(16).uint64(message.versions);
            if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                writer.uint32(26).bytes(message.hash);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        ExportEnd.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.sve.ExportEnd();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.rows = value;
                        else
                            delete message.rows;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.versions = value;
                        else
                            delete message.versions;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.hash = value;
                        else
                            delete message.hash;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ExportEnd;
    })();

    return sve;
})();

export {
  $root as default
};
