import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { firstValueFrom, from, type Observable } from 'rxjs';

import type { GatewayReply, GatewayRequest } from './gateway-request.js';
import { parseIdempotencyKey } from './idempotency-key.js';
import type { ExchangeParts } from './parameters.decorator.js';

/** Runs operations once per idempotency key. Implemented above, where there is a database. */
export abstract class OnceGate {
  /**
   * Answers what `operation` answers, or what it answered to the same request before. Headers that it set then are set
   * again. A failure of the operation is passed on and not remembered. Throws `idempotency_key_in_use`,
   * `idempotency_key_reused`.
   */
  abstract once(exchange: ExchangeParts, key: string, operation: () => Promise<unknown>): Promise<unknown>;
}

/** Stands before operations declared `atomic` or `effectless`. Without a key it does nothing. */
@Injectable()
export class OnceInterceptor implements NestInterceptor {
  constructor(private readonly gate: OnceGate) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<GatewayRequest>();
    const key = parseIdempotencyKey(request.headers['idempotency-key']);
    if (key === null) return next.handle();
    const reply = http.getResponse<GatewayReply>();
    const operation = (): Promise<unknown> => firstValueFrom(next.handle());
    return from(this.gate.once({ request, reply }, key, operation));
  }
}
