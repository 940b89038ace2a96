import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';

import type { GatewayRequest } from './gateway-request.js';

/** Attributes what a request changes to whoever sends it. Implemented above, where there is a database. */
export abstract class ChangeAttribution {
  /** Runs `work`, in which the request changes what it is declared to change. */
  abstract attributed<T>(request: GatewayRequest, work: () => T): T;
}

/** Stands before operations that declare a change. */
@Injectable()
export class AttributionInterceptor implements NestInterceptor {
  constructor(private readonly attribution: ChangeAttribution) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    // Inside is what runs when the answer is asked for, and no sooner.
    return new Observable((answer) =>
      this.attribution.attributed(request, () => next.handle().subscribe(answer)),
    );
  }
}
