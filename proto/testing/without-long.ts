/**
 * Switches Long off in protobufjs, so that 64-bit fields decode to numbers. Must be evaluated
 * before the generated code, which looks once: proto/testing/generated.ts sees to the order.
 */
import protobuf from 'protobufjs/minimal.js';

Reflect.set(protobuf.util, 'Long', null);
protobuf.configure();
