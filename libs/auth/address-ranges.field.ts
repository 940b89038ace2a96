import { TextListField } from '#http';

import { isAddressRange } from './address-range.js';

/** Property decorator for a list of addresses and CIDR ranges that something is narrowed to; null or absent: it is not. */
export function AddressRangesField(description: string): PropertyDecorator {
  return TextListField({
    description,
    max: 100,
    accepts: isAddressRange,
    what: 'IP addresses or CIDR ranges',
    optional: true,
    nullable: true,
    example: ['127.0.0.0/8', '::1'],
  });
}
