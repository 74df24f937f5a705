/** One record in a dump. */
export interface DumpedTlv {
  readonly type: number;
  readonly type_name: string;
  readonly len: number;
  readonly data: Uint8Array;
}

/** What `imgtool dumpinfo` tells, under imgtool's own names. */
export interface Dump {
  readonly filename: string;
  readonly header: Readonly<Record<string, number | string>>;
  readonly tlv_area: {
    readonly tlv_hdr_prot: Readonly<Record<string, number>>;
    readonly tlvs_prot: readonly DumpedTlv[];
    readonly tlv_hdr: Readonly<Record<string, number>>;
    readonly tlvs: readonly DumpedTlv[];
  };
  readonly trailer: Readonly<Record<string, number | Uint8Array>>;
}
