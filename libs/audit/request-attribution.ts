import { attributed } from '#database';
import { ChangeAttribution, type GatewayRequest } from '#http';
import { Injectable } from '@nestjs/common';

/** Has the database write down what a request changes, as the request's own, in the transaction that changes it. */
@Injectable()
export class RequestAttribution extends ChangeAttribution {
  override attributed<T>(request: GatewayRequest, work: () => T): T {
    const { principal, id, ip, routeOptions } = request;
    const audit = routeOptions.config.operation?.audit;
    if (!audit || !('change' in audit)) throw new Error('The operation declares no change.');
    const attribution = {
      action: audit.change,
      token_id: principal?.tokenId ?? null,
      role: principal?.role ?? 'url',
      request_id: id,
      address: ip,
    };
    return attributed(attribution, work);
  }
}
