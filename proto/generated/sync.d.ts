// Generated from proto/sync.proto by tools/generate-proto.ts: do not edit.
// The oracle of the differential tests; no product file imports it.
import * as $protobuf from "protobufjs";

/** Namespace sve. */
export namespace sve {

    /**
     * Properties of a Batch.
     * @deprecated Use sve.Batch.$Properties instead.
     */
    interface IBatch extends sve.Batch.$Properties {
    }

    /** Represents a Batch. */
    class Batch {

        /**
         * Constructs a new Batch.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Batch.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Batch replica. */
        replica: number;

        /** Batch first. */
        first: number;

        /** Batch gap. */
        gap: number;

        /** Batch base. */
        base: number;

        /** Batch ops. */
        ops: number[];

        /** Batch text. */
        text: string;

        /** Batch secretHash. */
        secretHash: Uint8Array;

        /** Batch principal. */
        principal: string;

        /** Batch heldMs. */
        heldMs: number;

        /**
         * Encodes the specified Batch message. Does not implicitly {@link sve.Batch.verify|verify} messages.
         * @param message Batch message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Batch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Batch message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Batch & sve.Batch.$Shape} Batch
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Batch & sve.Batch.$Shape;
    }

    namespace Batch {

        /** Properties of a Batch. */
        interface $Properties {

            /** Batch replica */
            replica?: (number|null);

            /** Batch first */
            first?: (number|null);

            /** Batch gap */
            gap?: (number|null);

            /** Batch base */
            base?: (number|null);

            /** Batch ops */
            ops?: (number[]|null);

            /** Batch text */
            text?: (string|null);

            /** Batch secretHash */
            secretHash?: (Uint8Array|null);

            /** Batch principal */
            principal?: (string|null);

            /** Batch heldMs */
            heldMs?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Batch. */
        type $Shape = sve.Batch.$Properties;
    }

    /**
     * Properties of an Update.
     * @deprecated Use sve.Update.$Properties instead.
     */
    interface IUpdate extends sve.Update.$Properties {
    }

    /** Represents an Update. */
    class Update {

        /**
         * Constructs a new Update.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Update.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Update format. */
        format: number;

        /** Update replicas. */
        replicas: number[];

        /** Update batches. */
        batches: sve.Batch.$Properties[];

        /** Update first. */
        first: number;

        /** Update gap. */
        gap: number;

        /** Update base. */
        base: number;

        /** Update ops. */
        ops: number[];

        /** Update text. */
        text: string;

        /** Update secretHash. */
        secretHash: Uint8Array;

        /** Update principal. */
        principal: string;

        /** Update heldMs. */
        heldMs: number;

        /**
         * Encodes the specified Update message. Does not implicitly {@link sve.Update.verify|verify} messages.
         * @param message Update message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Update.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Update message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Update & sve.Update.$Shape} Update
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Update & sve.Update.$Shape;
    }

    namespace Update {

        /** Properties of an Update. */
        interface $Properties {

            /** Update format */
            format?: (number|null);

            /** Update replicas */
            replicas?: (number[]|null);

            /** Update batches */
            batches?: (sve.Batch.$Properties[]|null);

            /** Update first */
            first?: (number|null);

            /** Update gap */
            gap?: (number|null);

            /** Update base */
            base?: (number|null);

            /** Update ops */
            ops?: (number[]|null);

            /** Update text */
            text?: (string|null);

            /** Update secretHash */
            secretHash?: (Uint8Array|null);

            /** Update principal */
            principal?: (string|null);

            /** Update heldMs */
            heldMs?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Update. */
        type $Shape = sve.Update.$Properties;
    }

    /**
     * Properties of a BusMessage.
     * @deprecated Use sve.BusMessage.$Properties instead.
     */
    interface IBusMessage extends sve.BusMessage.$Properties {
    }

    /** Represents a BusMessage. */
    class BusMessage {

        /**
         * Constructs a new BusMessage.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.BusMessage.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BusMessage row. */
        row?: (sve.BusRow.$Properties|null);

        /** BusMessage presence. */
        presence?: (sve.BusPresence.$Properties|null);

        /** BusMessage look. */
        look?: (sve.BusLook.$Properties|null);

        /**
         * Encodes the specified BusMessage message. Does not implicitly {@link sve.BusMessage.verify|verify} messages.
         * @param message BusMessage message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.BusMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BusMessage message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.BusMessage & sve.BusMessage.$Shape} BusMessage
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.BusMessage & sve.BusMessage.$Shape;
    }

    namespace BusMessage {

        /** Properties of a BusMessage. */
        interface $Properties {

            /** BusMessage row */
            row?: (sve.BusRow.$Properties|null);

            /** BusMessage presence */
            presence?: (sve.BusPresence.$Properties|null);

            /** BusMessage look */
            look?: (sve.BusLook.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BusMessage. */
        type $Shape = sve.BusMessage.$Properties;
    }

    /**
     * Properties of a BusLook.
     * @deprecated Use sve.BusLook.$Properties instead.
     */
    interface IBusLook extends sve.BusLook.$Properties {
    }

    /** Represents a BusLook. */
    class BusLook {

        /**
         * Constructs a new BusLook.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.BusLook.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Encodes the specified BusLook message. Does not implicitly {@link sve.BusLook.verify|verify} messages.
         * @param message BusLook message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.BusLook.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BusLook message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.BusLook & sve.BusLook.$Shape} BusLook
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.BusLook & sve.BusLook.$Shape;
    }

    namespace BusLook {

        /** Properties of a BusLook. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BusLook. */
        type $Shape = sve.BusLook.$Properties;
    }

    /**
     * Properties of a BusRow.
     * @deprecated Use sve.BusRow.$Properties instead.
     */
    interface IBusRow extends sve.BusRow.$Properties {
    }

    /** Represents a BusRow. */
    class BusRow {

        /**
         * Constructs a new BusRow.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.BusRow.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BusRow epoch. */
        epoch: number;

        /** BusRow lsn. */
        lsn: number;

        /** BusRow at. */
        at: number;

        /** BusRow body. */
        body: Uint8Array;

        /**
         * Encodes the specified BusRow message. Does not implicitly {@link sve.BusRow.verify|verify} messages.
         * @param message BusRow message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.BusRow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BusRow message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.BusRow & sve.BusRow.$Shape} BusRow
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.BusRow & sve.BusRow.$Shape;
    }

    namespace BusRow {

        /** Properties of a BusRow. */
        interface $Properties {

            /** BusRow epoch */
            epoch?: (number|null);

            /** BusRow lsn */
            lsn?: (number|null);

            /** BusRow at */
            at?: (number|null);

            /** BusRow body */
            body?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BusRow. */
        type $Shape = sve.BusRow.$Properties;
    }

    /**
     * Properties of a BusPresence.
     * @deprecated Use sve.BusPresence.$Properties instead.
     */
    interface IBusPresence extends sve.BusPresence.$Properties {
    }

    /** Represents a BusPresence. */
    class BusPresence {

        /**
         * Constructs a new BusPresence.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.BusPresence.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BusPresence node. */
        node: number;

        /** BusPresence epoch. */
        epoch: number;

        /** BusPresence peers. */
        peers: sve.BusPeer.$Properties[];

        /** BusPresence left. */
        left: number[];

        /** BusPresence full. */
        full: boolean;

        /** BusPresence ask. */
        ask: boolean;

        /**
         * Encodes the specified BusPresence message. Does not implicitly {@link sve.BusPresence.verify|verify} messages.
         * @param message BusPresence message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.BusPresence.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BusPresence message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.BusPresence & sve.BusPresence.$Shape} BusPresence
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.BusPresence & sve.BusPresence.$Shape;
    }

    namespace BusPresence {

        /** Properties of a BusPresence. */
        interface $Properties {

            /** BusPresence node */
            node?: (number|null);

            /** BusPresence epoch */
            epoch?: (number|null);

            /** BusPresence peers */
            peers?: (sve.BusPeer.$Properties[]|null);

            /** BusPresence left */
            left?: (number[]|null);

            /** BusPresence full */
            full?: (boolean|null);

            /** BusPresence ask */
            ask?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BusPresence. */
        type $Shape = sve.BusPresence.$Properties;
    }

    /**
     * Properties of a BusPeer.
     * @deprecated Use sve.BusPeer.$Properties instead.
     */
    interface IBusPeer extends sve.BusPeer.$Properties {
    }

    /** Represents a BusPeer. */
    class BusPeer {

        /**
         * Constructs a new BusPeer.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.BusPeer.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BusPeer session. */
        session: number;

        /** BusPeer replica. */
        replica: number;

        /** BusPeer state. */
        state?: (sve.PresenceState.$Properties|null);

        /**
         * Encodes the specified BusPeer message. Does not implicitly {@link sve.BusPeer.verify|verify} messages.
         * @param message BusPeer message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.BusPeer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BusPeer message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.BusPeer & sve.BusPeer.$Shape} BusPeer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.BusPeer & sve.BusPeer.$Shape;
    }

    namespace BusPeer {

        /** Properties of a BusPeer. */
        interface $Properties {

            /** BusPeer session */
            session?: (number|null);

            /** BusPeer replica */
            replica?: (number|null);

            /** BusPeer state */
            state?: (sve.PresenceState.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BusPeer. */
        type $Shape = sve.BusPeer.$Properties;
    }

    /**
     * Properties of a Snapshot.
     * @deprecated Use sve.Snapshot.$Properties instead.
     */
    interface ISnapshot extends sve.Snapshot.$Properties {
    }

    /** Represents a Snapshot. */
    class Snapshot {

        /**
         * Constructs a new Snapshot.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Snapshot.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Snapshot format. */
        format: number;

        /** Snapshot head. */
        head?: (sve.SnapshotHead.$Properties|null);

        /** Snapshot checksum. */
        checksum: number;

        /** Snapshot text. */
        text: Uint8Array;

        /** Snapshot columns. */
        columns: Uint8Array;

        /**
         * Encodes the specified Snapshot message. Does not implicitly {@link sve.Snapshot.verify|verify} messages.
         * @param message Snapshot message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Snapshot.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Snapshot message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Snapshot & sve.Snapshot.$Shape} Snapshot
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Snapshot & sve.Snapshot.$Shape;
    }

    namespace Snapshot {

        /** Properties of a Snapshot. */
        interface $Properties {

            /** Snapshot format */
            format?: (number|null);

            /** Snapshot head */
            head?: (sve.SnapshotHead.$Properties|null);

            /** Snapshot checksum */
            checksum?: (number|null);

            /** Snapshot text */
            text?: (Uint8Array|null);

            /** Snapshot columns */
            columns?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Snapshot. */
        type $Shape = sve.Snapshot.$Properties;
    }

    /**
     * Properties of a SnapshotHead.
     * @deprecated Use sve.SnapshotHead.$Properties instead.
     */
    interface ISnapshotHead extends sve.SnapshotHead.$Properties {
    }

    /** Represents a SnapshotHead. */
    class SnapshotHead {

        /**
         * Constructs a new SnapshotHead.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.SnapshotHead.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SnapshotHead epoch. */
        epoch: number;

        /** SnapshotHead lsn. */
        lsn: number;

        /** SnapshotHead at. */
        at: number;

        /** SnapshotHead operations. */
        operations: number;

        /** SnapshotHead replicas. */
        replicas: sve.ReplicaEntry.$Properties[];

        /** SnapshotHead voided. */
        voided: number[];

        /** SnapshotHead compression. */
        compression: number;

        /** SnapshotHead visibleBytes. */
        visibleBytes: number;

        /** SnapshotHead hiddenBytes. */
        hiddenBytes: number;

        /** SnapshotHead withoutHistory. */
        withoutHistory: boolean;

        /** SnapshotHead columnsBytes. */
        columnsBytes: number;

        /** SnapshotHead textChecksum. */
        textChecksum: number;

        /** SnapshotHead columnsChecksum. */
        columnsChecksum: number;

        /**
         * Encodes the specified SnapshotHead message. Does not implicitly {@link sve.SnapshotHead.verify|verify} messages.
         * @param message SnapshotHead message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.SnapshotHead.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SnapshotHead message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.SnapshotHead & sve.SnapshotHead.$Shape} SnapshotHead
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.SnapshotHead & sve.SnapshotHead.$Shape;
    }

    namespace SnapshotHead {

        /** Properties of a SnapshotHead. */
        interface $Properties {

            /** SnapshotHead epoch */
            epoch?: (number|null);

            /** SnapshotHead lsn */
            lsn?: (number|null);

            /** SnapshotHead at */
            at?: (number|null);

            /** SnapshotHead operations */
            operations?: (number|null);

            /** SnapshotHead replicas */
            replicas?: (sve.ReplicaEntry.$Properties[]|null);

            /** SnapshotHead voided */
            voided?: (number[]|null);

            /** SnapshotHead compression */
            compression?: (number|null);

            /** SnapshotHead visibleBytes */
            visibleBytes?: (number|null);

            /** SnapshotHead hiddenBytes */
            hiddenBytes?: (number|null);

            /** SnapshotHead withoutHistory */
            withoutHistory?: (boolean|null);

            /** SnapshotHead columnsBytes */
            columnsBytes?: (number|null);

            /** SnapshotHead textChecksum */
            textChecksum?: (number|null);

            /** SnapshotHead columnsChecksum */
            columnsChecksum?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SnapshotHead. */
        type $Shape = sve.SnapshotHead.$Properties;
    }

    /**
     * Properties of a SnapshotColumns.
     * @deprecated Use sve.SnapshotColumns.$Properties instead.
     */
    interface ISnapshotColumns extends sve.SnapshotColumns.$Properties {
    }

    /** Represents a SnapshotColumns. */
    class SnapshotColumns {

        /**
         * Constructs a new SnapshotColumns.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.SnapshotColumns.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SnapshotColumns stretchCounts. */
        stretchCounts: number[];

        /** SnapshotColumns stretchGaps. */
        stretchGaps: number[];

        /** SnapshotColumns stretchLengths. */
        stretchLengths: number[];

        /** SnapshotColumns chainGaps. */
        chainGaps: number[];

        /** SnapshotColumns chainLengths. */
        chainLengths: number[];

        /** SnapshotColumns spans. */
        spans: number[];

        /** SnapshotColumns chainSteps. */
        chainSteps: number[];

        /** SnapshotColumns spanLengths. */
        spanLengths: number[];

        /** SnapshotColumns originExceptions. */
        originExceptions: number[];

        /** SnapshotColumns deletions. */
        deletions: number[];

        /** SnapshotColumns deletionOffsets. */
        deletionOffsets: number[];

        /** SnapshotColumns deletionLengths. */
        deletionLengths: number[];

        /** SnapshotColumns deletionTargets. */
        deletionTargets: number[];

        /**
         * Encodes the specified SnapshotColumns message. Does not implicitly {@link sve.SnapshotColumns.verify|verify} messages.
         * @param message SnapshotColumns message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.SnapshotColumns.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SnapshotColumns message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.SnapshotColumns & sve.SnapshotColumns.$Shape} SnapshotColumns
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.SnapshotColumns & sve.SnapshotColumns.$Shape;
    }

    namespace SnapshotColumns {

        /** Properties of a SnapshotColumns. */
        interface $Properties {

            /** SnapshotColumns stretchCounts */
            stretchCounts?: (number[]|null);

            /** SnapshotColumns stretchGaps */
            stretchGaps?: (number[]|null);

            /** SnapshotColumns stretchLengths */
            stretchLengths?: (number[]|null);

            /** SnapshotColumns chainGaps */
            chainGaps?: (number[]|null);

            /** SnapshotColumns chainLengths */
            chainLengths?: (number[]|null);

            /** SnapshotColumns spans */
            spans?: (number[]|null);

            /** SnapshotColumns chainSteps */
            chainSteps?: (number[]|null);

            /** SnapshotColumns spanLengths */
            spanLengths?: (number[]|null);

            /** SnapshotColumns originExceptions */
            originExceptions?: (number[]|null);

            /** SnapshotColumns deletions */
            deletions?: (number[]|null);

            /** SnapshotColumns deletionOffsets */
            deletionOffsets?: (number[]|null);

            /** SnapshotColumns deletionLengths */
            deletionLengths?: (number[]|null);

            /** SnapshotColumns deletionTargets */
            deletionTargets?: (number[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SnapshotColumns. */
        type $Shape = sve.SnapshotColumns.$Properties;
    }

    /**
     * Properties of a ReplicaEntry.
     * @deprecated Use sve.ReplicaEntry.$Properties instead.
     */
    interface IReplicaEntry extends sve.ReplicaEntry.$Properties {
    }

    /** Represents a ReplicaEntry. */
    class ReplicaEntry {

        /**
         * Constructs a new ReplicaEntry.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ReplicaEntry.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ReplicaEntry id. */
        id: number;

        /** ReplicaEntry last. */
        last: number;

        /** ReplicaEntry secretHash. */
        secretHash: Uint8Array;

        /** ReplicaEntry principal. */
        principal: string;

        /** ReplicaEntry since. */
        since: number;

        /**
         * Encodes the specified ReplicaEntry message. Does not implicitly {@link sve.ReplicaEntry.verify|verify} messages.
         * @param message ReplicaEntry message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ReplicaEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ReplicaEntry message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ReplicaEntry & sve.ReplicaEntry.$Shape} ReplicaEntry
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ReplicaEntry & sve.ReplicaEntry.$Shape;
    }

    namespace ReplicaEntry {

        /** Properties of a ReplicaEntry. */
        interface $Properties {

            /** ReplicaEntry id */
            id?: (number|null);

            /** ReplicaEntry last */
            last?: (number|null);

            /** ReplicaEntry secretHash */
            secretHash?: (Uint8Array|null);

            /** ReplicaEntry principal */
            principal?: (string|null);

            /** ReplicaEntry since */
            since?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ReplicaEntry. */
        type $Shape = sve.ReplicaEntry.$Properties;
    }

    /**
     * Properties of a Cursor.
     * @deprecated Use sve.Cursor.$Properties instead.
     */
    interface ICursor extends sve.Cursor.$Properties {
    }

    /** Represents a Cursor. */
    class Cursor {

        /**
         * Constructs a new Cursor.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Cursor.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Cursor epoch. */
        epoch: number;

        /** Cursor lsn. */
        lsn: number;

        /** Cursor at. */
        at: number;

        /** Cursor operations. */
        operations: number;

        /**
         * Encodes the specified Cursor message. Does not implicitly {@link sve.Cursor.verify|verify} messages.
         * @param message Cursor message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Cursor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Cursor message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Cursor & sve.Cursor.$Shape} Cursor
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Cursor & sve.Cursor.$Shape;
    }

    namespace Cursor {

        /** Properties of a Cursor. */
        interface $Properties {

            /** Cursor epoch */
            epoch?: (number|null);

            /** Cursor lsn */
            lsn?: (number|null);

            /** Cursor at */
            at?: (number|null);

            /** Cursor operations */
            operations?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Cursor. */
        type $Shape = sve.Cursor.$Properties;
    }

    /**
     * Properties of a ClientFrame.
     * @deprecated Use sve.ClientFrame.$Properties instead.
     */
    interface IClientFrame extends sve.ClientFrame.$Properties {
    }

    /** Represents a ClientFrame. */
    class ClientFrame {

        /**
         * Constructs a new ClientFrame.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ClientFrame.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ClientFrame channel. */
        channel: number;

        /** ClientFrame hello. */
        hello?: (sve.Hello.$Properties|null);

        /** ClientFrame batches. */
        batches: sve.Batch.$Properties[];

        /** ClientFrame presence. */
        presence?: (sve.PresenceState.$Properties|null);

        /** ClientFrame token. */
        token?: (sve.TokenRefresh.$Properties|null);

        /** ClientFrame heartbeat. */
        heartbeat?: (sve.Heartbeat.$Properties|null);

        /** ClientFrame leave. */
        leave?: (sve.Leave.$Properties|null);

        /** ClientFrame thin. */
        thin?: (sve.ThinEdit.$Properties|null);

        /**
         * Encodes the specified ClientFrame message. Does not implicitly {@link sve.ClientFrame.verify|verify} messages.
         * @param message ClientFrame message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ClientFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ClientFrame message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ClientFrame & sve.ClientFrame.$Shape} ClientFrame
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ClientFrame & sve.ClientFrame.$Shape;
    }

    namespace ClientFrame {

        /** Properties of a ClientFrame. */
        interface $Properties {

            /** ClientFrame channel */
            channel?: (number|null);

            /** ClientFrame hello */
            hello?: (sve.Hello.$Properties|null);

            /** ClientFrame batches */
            batches?: (sve.Batch.$Properties[]|null);

            /** ClientFrame presence */
            presence?: (sve.PresenceState.$Properties|null);

            /** ClientFrame token */
            token?: (sve.TokenRefresh.$Properties|null);

            /** ClientFrame heartbeat */
            heartbeat?: (sve.Heartbeat.$Properties|null);

            /** ClientFrame leave */
            leave?: (sve.Leave.$Properties|null);

            /** ClientFrame thin */
            thin?: (sve.ThinEdit.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ClientFrame. */
        type $Shape = sve.ClientFrame.$Properties;
    }

    /**
     * Properties of a Hello.
     * @deprecated Use sve.Hello.$Properties instead.
     */
    interface IHello extends sve.Hello.$Properties {
    }

    /** Represents a Hello. */
    class Hello {

        /**
         * Constructs a new Hello.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Hello.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Hello protocol. */
        protocol: number;

        /** Hello document. */
        document: string;

        /** Hello replica. */
        replica: number;

        /** Hello secret. */
        secret: Uint8Array;

        /** Hello token. */
        token: string;

        /** Hello cursor. */
        cursor?: (sve.Cursor.$Properties|null);

        /** Hello thin. */
        thin: boolean;

        /** Hello whole. */
        whole: boolean;

        /** Hello settled. */
        settled: number;

        /**
         * Encodes the specified Hello message. Does not implicitly {@link sve.Hello.verify|verify} messages.
         * @param message Hello message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Hello message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Hello & sve.Hello.$Shape} Hello
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Hello & sve.Hello.$Shape;
    }

    namespace Hello {

        /** Properties of a Hello. */
        interface $Properties {

            /** Hello protocol */
            protocol?: (number|null);

            /** Hello document */
            document?: (string|null);

            /** Hello replica */
            replica?: (number|null);

            /** Hello secret */
            secret?: (Uint8Array|null);

            /** Hello token */
            token?: (string|null);

            /** Hello cursor */
            cursor?: (sve.Cursor.$Properties|null);

            /** Hello thin */
            thin?: (boolean|null);

            /** Hello whole */
            whole?: (boolean|null);

            /** Hello settled */
            settled?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Hello. */
        type $Shape = sve.Hello.$Properties;
    }

    /**
     * Properties of a TokenRefresh.
     * @deprecated Use sve.TokenRefresh.$Properties instead.
     */
    interface ITokenRefresh extends sve.TokenRefresh.$Properties {
    }

    /** Represents a TokenRefresh. */
    class TokenRefresh {

        /**
         * Constructs a new TokenRefresh.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.TokenRefresh.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** TokenRefresh token. */
        token: string;

        /**
         * Encodes the specified TokenRefresh message. Does not implicitly {@link sve.TokenRefresh.verify|verify} messages.
         * @param message TokenRefresh message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.TokenRefresh.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a TokenRefresh message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.TokenRefresh & sve.TokenRefresh.$Shape} TokenRefresh
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.TokenRefresh & sve.TokenRefresh.$Shape;
    }

    namespace TokenRefresh {

        /** Properties of a TokenRefresh. */
        interface $Properties {

            /** TokenRefresh token */
            token?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a TokenRefresh. */
        type $Shape = sve.TokenRefresh.$Properties;
    }

    /**
     * Properties of a Leave.
     * @deprecated Use sve.Leave.$Properties instead.
     */
    interface ILeave extends sve.Leave.$Properties {
    }

    /** Represents a Leave. */
    class Leave {

        /**
         * Constructs a new Leave.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Leave.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Encodes the specified Leave message. Does not implicitly {@link sve.Leave.verify|verify} messages.
         * @param message Leave message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Leave.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Leave message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Leave & sve.Leave.$Shape} Leave
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Leave & sve.Leave.$Shape;
    }

    namespace Leave {

        /** Properties of a Leave. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Leave. */
        type $Shape = sve.Leave.$Properties;
    }

    /**
     * Properties of a Heartbeat.
     * @deprecated Use sve.Heartbeat.$Properties instead.
     */
    interface IHeartbeat extends sve.Heartbeat.$Properties {
    }

    /** Represents a Heartbeat. */
    class Heartbeat {

        /**
         * Constructs a new Heartbeat.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Heartbeat.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Heartbeat at. */
        at: number;

        /**
         * Encodes the specified Heartbeat message. Does not implicitly {@link sve.Heartbeat.verify|verify} messages.
         * @param message Heartbeat message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Heartbeat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Heartbeat message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Heartbeat & sve.Heartbeat.$Shape} Heartbeat
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Heartbeat & sve.Heartbeat.$Shape;
    }

    namespace Heartbeat {

        /** Properties of a Heartbeat. */
        interface $Properties {

            /** Heartbeat at */
            at?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Heartbeat. */
        type $Shape = sve.Heartbeat.$Properties;
    }

    /**
     * Properties of a ThinEdit.
     * @deprecated Use sve.ThinEdit.$Properties instead.
     */
    interface IThinEdit extends sve.ThinEdit.$Properties {
    }

    /** Represents a ThinEdit. */
    class ThinEdit {

        /**
         * Constructs a new ThinEdit.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ThinEdit.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ThinEdit first. */
        first: number;

        /** ThinEdit gap. */
        gap: number;

        /** ThinEdit base. */
        base: number;

        /** ThinEdit splices. */
        splices: sve.Splice.$Properties[];

        /**
         * Encodes the specified ThinEdit message. Does not implicitly {@link sve.ThinEdit.verify|verify} messages.
         * @param message ThinEdit message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ThinEdit.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ThinEdit message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ThinEdit & sve.ThinEdit.$Shape} ThinEdit
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ThinEdit & sve.ThinEdit.$Shape;
    }

    namespace ThinEdit {

        /** Properties of a ThinEdit. */
        interface $Properties {

            /** ThinEdit first */
            first?: (number|null);

            /** ThinEdit gap */
            gap?: (number|null);

            /** ThinEdit base */
            base?: (number|null);

            /** ThinEdit splices */
            splices?: (sve.Splice.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ThinEdit. */
        type $Shape = sve.ThinEdit.$Properties;
    }

    /**
     * Properties of a Splice.
     * @deprecated Use sve.Splice.$Properties instead.
     */
    interface ISplice extends sve.Splice.$Properties {
    }

    /** Represents a Splice. */
    class Splice {

        /**
         * Constructs a new Splice.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Splice.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Splice index. */
        index: number;

        /** Splice deleted. */
        deleted: number;

        /** Splice inserted. */
        inserted: string;

        /**
         * Encodes the specified Splice message. Does not implicitly {@link sve.Splice.verify|verify} messages.
         * @param message Splice message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Splice.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Splice message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Splice & sve.Splice.$Shape} Splice
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Splice & sve.Splice.$Shape;
    }

    namespace Splice {

        /** Properties of a Splice. */
        interface $Properties {

            /** Splice index */
            index?: (number|null);

            /** Splice deleted */
            deleted?: (number|null);

            /** Splice inserted */
            inserted?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Splice. */
        type $Shape = sve.Splice.$Properties;
    }

    /**
     * Properties of a ServerFrame.
     * @deprecated Use sve.ServerFrame.$Properties instead.
     */
    interface IServerFrame extends sve.ServerFrame.$Properties {
    }

    /** Represents a ServerFrame. */
    class ServerFrame {

        /**
         * Constructs a new ServerFrame.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ServerFrame.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ServerFrame channel. */
        channel: number;

        /** ServerFrame rows. */
        rows: sve.Row.$Properties[];

        /** ServerFrame ack. */
        ack?: (sve.Ack.$Properties|null);

        /** ServerFrame welcome. */
        welcome?: (sve.Welcome.$Properties|null);

        /** ServerFrame presence. */
        presence?: (sve.PresenceUpdate.$Properties|null);

        /** ServerFrame error. */
        error?: (sve.Error.$Properties|null);

        /** ServerFrame heartbeat. */
        heartbeat?: (sve.Heartbeat.$Properties|null);

        /** ServerFrame window. */
        window?: (sve.Window.$Properties|null);

        /** ServerFrame patch. */
        patch?: (sve.ThinPatch.$Properties|null);

        /** ServerFrame snapshotPiece. */
        snapshotPiece: Uint8Array;

        /** ServerFrame loneRows. */
        loneRows: Uint8Array[];

        /**
         * Encodes the specified ServerFrame message. Does not implicitly {@link sve.ServerFrame.verify|verify} messages.
         * @param message ServerFrame message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ServerFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ServerFrame message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ServerFrame & sve.ServerFrame.$Shape} ServerFrame
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ServerFrame & sve.ServerFrame.$Shape;
    }

    namespace ServerFrame {

        /** Properties of a ServerFrame. */
        interface $Properties {

            /** ServerFrame channel */
            channel?: (number|null);

            /** ServerFrame rows */
            rows?: (sve.Row.$Properties[]|null);

            /** ServerFrame ack */
            ack?: (sve.Ack.$Properties|null);

            /** ServerFrame welcome */
            welcome?: (sve.Welcome.$Properties|null);

            /** ServerFrame presence */
            presence?: (sve.PresenceUpdate.$Properties|null);

            /** ServerFrame error */
            error?: (sve.Error.$Properties|null);

            /** ServerFrame heartbeat */
            heartbeat?: (sve.Heartbeat.$Properties|null);

            /** ServerFrame window */
            window?: (sve.Window.$Properties|null);

            /** ServerFrame patch */
            patch?: (sve.ThinPatch.$Properties|null);

            /** ServerFrame snapshotPiece */
            snapshotPiece?: (Uint8Array|null);

            /** ServerFrame loneRows */
            loneRows?: (Uint8Array[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ServerFrame. */
        type $Shape = sve.ServerFrame.$Properties;
    }

    /**
     * Properties of a Row.
     * @deprecated Use sve.Row.$Properties instead.
     */
    interface IRow extends sve.Row.$Properties {
    }

    /** Represents a Row. */
    class Row {

        /**
         * Constructs a new Row.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Row.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Row at. */
        at: number;

        /** Row introduced. */
        introduced: number[];

        /** Row batches. */
        batches: sve.Batch.$Properties[];

        /** Row epoch. */
        epoch: number;

        /**
         * Encodes the specified Row message. Does not implicitly {@link sve.Row.verify|verify} messages.
         * @param message Row message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Row.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Row message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Row & sve.Row.$Shape} Row
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Row & sve.Row.$Shape;
    }

    namespace Row {

        /** Properties of a Row. */
        interface $Properties {

            /** Row at */
            at?: (number|null);

            /** Row introduced */
            introduced?: (number[]|null);

            /** Row batches */
            batches?: (sve.Batch.$Properties[]|null);

            /** Row epoch */
            epoch?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Row. */
        type $Shape = sve.Row.$Properties;
    }

    /**
     * Properties of an Ack.
     * @deprecated Use sve.Ack.$Properties instead.
     */
    interface IAck extends sve.Ack.$Properties {
    }

    /** Represents an Ack. */
    class Ack {

        /**
         * Constructs a new Ack.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Ack.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Ack through. */
        through: number;

        /** Ack lsn. */
        lsn: number;

        /** Ack at. */
        at: number;

        /** Ack staleOperations. */
        staleOperations: number;

        /** Ack staleMs. */
        staleMs: number;

        /**
         * Encodes the specified Ack message. Does not implicitly {@link sve.Ack.verify|verify} messages.
         * @param message Ack message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Ack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Ack message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Ack & sve.Ack.$Shape} Ack
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Ack & sve.Ack.$Shape;
    }

    namespace Ack {

        /** Properties of an Ack. */
        interface $Properties {

            /** Ack through */
            through?: (number|null);

            /** Ack lsn */
            lsn?: (number|null);

            /** Ack at */
            at?: (number|null);

            /** Ack staleOperations */
            staleOperations?: (number|null);

            /** Ack staleMs */
            staleMs?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Ack. */
        type $Shape = sve.Ack.$Properties;
    }

    /**
     * Properties of a Welcome.
     * @deprecated Use sve.Welcome.$Properties instead.
     */
    interface IWelcome extends sve.Welcome.$Properties {
    }

    /** Represents a Welcome. */
    class Welcome {

        /**
         * Constructs a new Welcome.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Welcome.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Welcome cursor. */
        cursor?: (sve.Cursor.$Properties|null);

        /** Welcome snapshot. */
        snapshot: Uint8Array;

        /** Welcome through. */
        through: number;

        /** Welcome headLsn. */
        headLsn: number;

        /** Welcome now. */
        now: number;

        /** Welcome heartbeatMs. */
        heartbeatMs: number;

        /** Welcome window. */
        window?: (sve.Window.$Properties|null);

        /** Welcome writable. */
        writable: boolean;

        /** Welcome session. */
        session: number;

        /** Welcome protocol. */
        protocol: number;

        /** Welcome snapshotBytes. */
        snapshotBytes: number;

        /**
         * Encodes the specified Welcome message. Does not implicitly {@link sve.Welcome.verify|verify} messages.
         * @param message Welcome message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Welcome.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Welcome message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Welcome & sve.Welcome.$Shape} Welcome
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Welcome & sve.Welcome.$Shape;
    }

    namespace Welcome {

        /** Properties of a Welcome. */
        interface $Properties {

            /** Welcome cursor */
            cursor?: (sve.Cursor.$Properties|null);

            /** Welcome snapshot */
            snapshot?: (Uint8Array|null);

            /** Welcome through */
            through?: (number|null);

            /** Welcome headLsn */
            headLsn?: (number|null);

            /** Welcome now */
            now?: (number|null);

            /** Welcome heartbeatMs */
            heartbeatMs?: (number|null);

            /** Welcome window */
            window?: (sve.Window.$Properties|null);

            /** Welcome writable */
            writable?: (boolean|null);

            /** Welcome session */
            session?: (number|null);

            /** Welcome protocol */
            protocol?: (number|null);

            /** Welcome snapshotBytes */
            snapshotBytes?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Welcome. */
        type $Shape = sve.Welcome.$Properties;
    }

    /**
     * Properties of a Window.
     * @deprecated Use sve.Window.$Properties instead.
     */
    interface IWindow extends sve.Window.$Properties {
    }

    /** Represents a Window. */
    class Window {

        /**
         * Constructs a new Window.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Window.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Window bytes. */
        bytes: number;

        /** Window operations. */
        operations: number;

        /**
         * Encodes the specified Window message. Does not implicitly {@link sve.Window.verify|verify} messages.
         * @param message Window message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Window.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Window message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Window & sve.Window.$Shape} Window
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Window & sve.Window.$Shape;
    }

    namespace Window {

        /** Properties of a Window. */
        interface $Properties {

            /** Window bytes */
            bytes?: (number|null);

            /** Window operations */
            operations?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Window. */
        type $Shape = sve.Window.$Properties;
    }

    /**
     * Properties of an Anchor.
     * @deprecated Use sve.Anchor.$Properties instead.
     */
    interface IAnchor extends sve.Anchor.$Properties {
    }

    /** Represents an Anchor. */
    class Anchor {

        /**
         * Constructs a new Anchor.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Anchor.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Anchor replica. */
        replica: number;

        /** Anchor timestamp. */
        timestamp: number;

        /** Anchor side. */
        side: number;

        /**
         * Encodes the specified Anchor message. Does not implicitly {@link sve.Anchor.verify|verify} messages.
         * @param message Anchor message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Anchor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Anchor message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Anchor & sve.Anchor.$Shape} Anchor
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Anchor & sve.Anchor.$Shape;
    }

    namespace Anchor {

        /** Properties of an Anchor. */
        interface $Properties {

            /** Anchor replica */
            replica?: (number|null);

            /** Anchor timestamp */
            timestamp?: (number|null);

            /** Anchor side */
            side?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Anchor. */
        type $Shape = sve.Anchor.$Properties;
    }

    /**
     * Properties of a PresenceState.
     * @deprecated Use sve.PresenceState.$Properties instead.
     */
    interface IPresenceState extends sve.PresenceState.$Properties {
    }

    /** Represents a PresenceState. */
    class PresenceState {

        /**
         * Constructs a new PresenceState.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.PresenceState.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** PresenceState name. */
        name: string;

        /** PresenceState color. */
        color: string;

        /** PresenceState head. */
        head?: (sve.Anchor.$Properties|null);

        /** PresenceState anchor. */
        anchor?: (sve.Anchor.$Properties|null);

        /**
         * Encodes the specified PresenceState message. Does not implicitly {@link sve.PresenceState.verify|verify} messages.
         * @param message PresenceState message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.PresenceState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PresenceState message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.PresenceState & sve.PresenceState.$Shape} PresenceState
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.PresenceState & sve.PresenceState.$Shape;
    }

    namespace PresenceState {

        /** Properties of a PresenceState. */
        interface $Properties {

            /** PresenceState name */
            name?: (string|null);

            /** PresenceState color */
            color?: (string|null);

            /** PresenceState head */
            head?: (sve.Anchor.$Properties|null);

            /** PresenceState anchor */
            anchor?: (sve.Anchor.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a PresenceState. */
        type $Shape = sve.PresenceState.$Properties;
    }

    /**
     * Properties of a PresenceUpdate.
     * @deprecated Use sve.PresenceUpdate.$Properties instead.
     */
    interface IPresenceUpdate extends sve.PresenceUpdate.$Properties {
    }

    /** Represents a PresenceUpdate. */
    class PresenceUpdate {

        /**
         * Constructs a new PresenceUpdate.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.PresenceUpdate.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** PresenceUpdate peers. */
        peers: sve.Peer.$Properties[];

        /** PresenceUpdate left. */
        left: number[];

        /** PresenceUpdate full. */
        full: boolean;

        /**
         * Encodes the specified PresenceUpdate message. Does not implicitly {@link sve.PresenceUpdate.verify|verify} messages.
         * @param message PresenceUpdate message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.PresenceUpdate.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PresenceUpdate message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.PresenceUpdate & sve.PresenceUpdate.$Shape} PresenceUpdate
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.PresenceUpdate & sve.PresenceUpdate.$Shape;
    }

    namespace PresenceUpdate {

        /** Properties of a PresenceUpdate. */
        interface $Properties {

            /** PresenceUpdate peers */
            peers?: (sve.Peer.$Properties[]|null);

            /** PresenceUpdate left */
            left?: (number[]|null);

            /** PresenceUpdate full */
            full?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a PresenceUpdate. */
        type $Shape = sve.PresenceUpdate.$Properties;
    }

    /**
     * Properties of a Peer.
     * @deprecated Use sve.Peer.$Properties instead.
     */
    interface IPeer extends sve.Peer.$Properties {
    }

    /** Represents a Peer. */
    class Peer {

        /**
         * Constructs a new Peer.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Peer.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Peer session. */
        session: number;

        /** Peer state. */
        state?: (sve.PresenceState.$Properties|null);

        /** Peer line. */
        line: number;

        /** Peer column. */
        column: number;

        /** Peer moved. */
        moved: boolean;

        /**
         * Encodes the specified Peer message. Does not implicitly {@link sve.Peer.verify|verify} messages.
         * @param message Peer message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Peer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Peer message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Peer & sve.Peer.$Shape} Peer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Peer & sve.Peer.$Shape;
    }

    namespace Peer {

        /** Properties of a Peer. */
        interface $Properties {

            /** Peer session */
            session?: (number|null);

            /** Peer state */
            state?: (sve.PresenceState.$Properties|null);

            /** Peer line */
            line?: (number|null);

            /** Peer column */
            column?: (number|null);

            /** Peer moved */
            moved?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Peer. */
        type $Shape = sve.Peer.$Properties;
    }

    /**
     * Properties of an Error.
     * @deprecated Use sve.Error.$Properties instead.
     */
    interface IError extends sve.Error.$Properties {
    }

    /** Represents an Error. */
    class Error {

        /**
         * Constructs a new Error.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.Error.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Error code. */
        code: string;

        /** Error message. */
        message: string;

        /** Error retry. */
        retry: number;

        /** Error retryAfterMs. */
        retryAfterMs: number;

        /**
         * Encodes the specified Error message. Does not implicitly {@link sve.Error.verify|verify} messages.
         * @param message Error message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.Error.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Error message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.Error & sve.Error.$Shape} Error
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.Error & sve.Error.$Shape;
    }

    namespace Error {

        /** Properties of an Error. */
        interface $Properties {

            /** Error code */
            code?: (string|null);

            /** Error message */
            message?: (string|null);

            /** Error retry */
            retry?: (number|null);

            /** Error retryAfterMs */
            retryAfterMs?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Error. */
        type $Shape = sve.Error.$Properties;
    }

    /**
     * Properties of a ThinPatch.
     * @deprecated Use sve.ThinPatch.$Properties instead.
     */
    interface IThinPatch extends sve.ThinPatch.$Properties {
    }

    /** Represents a ThinPatch. */
    class ThinPatch {

        /**
         * Constructs a new ThinPatch.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ThinPatch.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ThinPatch lsn. */
        lsn: number;

        /** ThinPatch at. */
        at: number;

        /** ThinPatch splices. */
        splices: sve.Splice.$Properties[];

        /**
         * Encodes the specified ThinPatch message. Does not implicitly {@link sve.ThinPatch.verify|verify} messages.
         * @param message ThinPatch message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ThinPatch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ThinPatch message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ThinPatch & sve.ThinPatch.$Shape} ThinPatch
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ThinPatch & sve.ThinPatch.$Shape;
    }

    namespace ThinPatch {

        /** Properties of a ThinPatch. */
        interface $Properties {

            /** ThinPatch lsn */
            lsn?: (number|null);

            /** ThinPatch at */
            at?: (number|null);

            /** ThinPatch splices */
            splices?: (sve.Splice.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ThinPatch. */
        type $Shape = sve.ThinPatch.$Properties;
    }

    /**
     * Properties of an ExportRecord.
     * @deprecated Use sve.ExportRecord.$Properties instead.
     */
    interface IExportRecord extends sve.ExportRecord.$Properties {
    }

    /** Represents an ExportRecord. */
    class ExportRecord {

        /**
         * Constructs a new ExportRecord.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ExportRecord.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ExportRecord header. */
        header?: (sve.ExportHeader.$Properties|null);

        /** ExportRecord snapshot. */
        snapshot: Uint8Array;

        /** ExportRecord row. */
        row?: (sve.ExportRow.$Properties|null);

        /** ExportRecord version. */
        version?: (sve.ExportVersion.$Properties|null);

        /** ExportRecord end. */
        end?: (sve.ExportEnd.$Properties|null);

        /**
         * Encodes the specified ExportRecord message. Does not implicitly {@link sve.ExportRecord.verify|verify} messages.
         * @param message ExportRecord message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ExportRecord.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an ExportRecord message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ExportRecord & sve.ExportRecord.$Shape} ExportRecord
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ExportRecord & sve.ExportRecord.$Shape;
    }

    namespace ExportRecord {

        /** Properties of an ExportRecord. */
        interface $Properties {

            /** ExportRecord header */
            header?: (sve.ExportHeader.$Properties|null);

            /** ExportRecord snapshot */
            snapshot?: (Uint8Array|null);

            /** ExportRecord row */
            row?: (sve.ExportRow.$Properties|null);

            /** ExportRecord version */
            version?: (sve.ExportVersion.$Properties|null);

            /** ExportRecord end */
            end?: (sve.ExportEnd.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an ExportRecord. */
        type $Shape = sve.ExportRecord.$Properties;
    }

    /**
     * Properties of an ExportHeader.
     * @deprecated Use sve.ExportHeader.$Properties instead.
     */
    interface IExportHeader extends sve.ExportHeader.$Properties {
    }

    /** Represents an ExportHeader. */
    class ExportHeader {

        /**
         * Constructs a new ExportHeader.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ExportHeader.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ExportHeader format. */
        format: number;

        /** ExportHeader document. */
        document: string;

        /** ExportHeader epoch. */
        epoch: number;

        /** ExportHeader lsn. */
        lsn: number;

        /** ExportHeader at. */
        at: number;

        /** ExportHeader prunedLsn. */
        prunedLsn: number;

        /** ExportHeader exportedAt. */
        exportedAt: number;

        /** ExportHeader snapshotBytes. */
        snapshotBytes: number;

        /**
         * Encodes the specified ExportHeader message. Does not implicitly {@link sve.ExportHeader.verify|verify} messages.
         * @param message ExportHeader message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ExportHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an ExportHeader message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ExportHeader & sve.ExportHeader.$Shape} ExportHeader
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ExportHeader & sve.ExportHeader.$Shape;
    }

    namespace ExportHeader {

        /** Properties of an ExportHeader. */
        interface $Properties {

            /** ExportHeader format */
            format?: (number|null);

            /** ExportHeader document */
            document?: (string|null);

            /** ExportHeader epoch */
            epoch?: (number|null);

            /** ExportHeader lsn */
            lsn?: (number|null);

            /** ExportHeader at */
            at?: (number|null);

            /** ExportHeader prunedLsn */
            prunedLsn?: (number|null);

            /** ExportHeader exportedAt */
            exportedAt?: (number|null);

            /** ExportHeader snapshotBytes */
            snapshotBytes?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an ExportHeader. */
        type $Shape = sve.ExportHeader.$Properties;
    }

    /**
     * Properties of an ExportRow.
     * @deprecated Use sve.ExportRow.$Properties instead.
     */
    interface IExportRow extends sve.ExportRow.$Properties {
    }

    /** Represents an ExportRow. */
    class ExportRow {

        /**
         * Constructs a new ExportRow.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ExportRow.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ExportRow lsn. */
        lsn: number;

        /** ExportRow at. */
        at: number;

        /** ExportRow body. */
        body: Uint8Array;

        /**
         * Encodes the specified ExportRow message. Does not implicitly {@link sve.ExportRow.verify|verify} messages.
         * @param message ExportRow message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ExportRow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an ExportRow message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ExportRow & sve.ExportRow.$Shape} ExportRow
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ExportRow & sve.ExportRow.$Shape;
    }

    namespace ExportRow {

        /** Properties of an ExportRow. */
        interface $Properties {

            /** ExportRow lsn */
            lsn?: (number|null);

            /** ExportRow at */
            at?: (number|null);

            /** ExportRow body */
            body?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an ExportRow. */
        type $Shape = sve.ExportRow.$Properties;
    }

    /**
     * Properties of an ExportVersion.
     * @deprecated Use sve.ExportVersion.$Properties instead.
     */
    interface IExportVersion extends sve.ExportVersion.$Properties {
    }

    /** Represents an ExportVersion. */
    class ExportVersion {

        /**
         * Constructs a new ExportVersion.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ExportVersion.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ExportVersion name. */
        name: string;

        /** ExportVersion lsn. */
        lsn: number;

        /** ExportVersion at. */
        at: number;

        /** ExportVersion createdAt. */
        createdAt: number;

        /** ExportVersion principal. */
        principal: string;

        /**
         * Encodes the specified ExportVersion message. Does not implicitly {@link sve.ExportVersion.verify|verify} messages.
         * @param message ExportVersion message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ExportVersion.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an ExportVersion message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ExportVersion & sve.ExportVersion.$Shape} ExportVersion
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ExportVersion & sve.ExportVersion.$Shape;
    }

    namespace ExportVersion {

        /** Properties of an ExportVersion. */
        interface $Properties {

            /** ExportVersion name */
            name?: (string|null);

            /** ExportVersion lsn */
            lsn?: (number|null);

            /** ExportVersion at */
            at?: (number|null);

            /** ExportVersion createdAt */
            createdAt?: (number|null);

            /** ExportVersion principal */
            principal?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an ExportVersion. */
        type $Shape = sve.ExportVersion.$Properties;
    }

    /**
     * Properties of an ExportEnd.
     * @deprecated Use sve.ExportEnd.$Properties instead.
     */
    interface IExportEnd extends sve.ExportEnd.$Properties {
    }

    /** Represents an ExportEnd. */
    class ExportEnd {

        /**
         * Constructs a new ExportEnd.
         * @param [properties] Properties to set
         */
        constructor(properties?: sve.ExportEnd.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ExportEnd rows. */
        rows: number;

        /** ExportEnd versions. */
        versions: number;

        /** ExportEnd hash. */
        hash: Uint8Array;

        /**
         * Encodes the specified ExportEnd message. Does not implicitly {@link sve.ExportEnd.verify|verify} messages.
         * @param message ExportEnd message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: sve.ExportEnd.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an ExportEnd message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {sve.ExportEnd & sve.ExportEnd.$Shape} ExportEnd
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): sve.ExportEnd & sve.ExportEnd.$Shape;
    }

    namespace ExportEnd {

        /** Properties of an ExportEnd. */
        interface $Properties {

            /** ExportEnd rows */
            rows?: (number|null);

            /** ExportEnd versions */
            versions?: (number|null);

            /** ExportEnd hash */
            hash?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an ExportEnd. */
        type $Shape = sve.ExportEnd.$Properties;
    }
}
