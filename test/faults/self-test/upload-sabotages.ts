import { NEVER } from '../workload/exchange.js';
import { newVersion } from '../workload/new-version.js';
import type { Turn } from '../workload/turn.js';
import type { UrlUpload } from '../workload/left-upload.js';
import { beginByUrl, sendByUrl } from '../workload/url-upload.js';
import type { Sabotage } from './sabotage.js';

/** What is broken of the promises about uploads that outlast a request. */
export const UPLOAD_SABOTAGES: readonly Sabotage[] = [
  {
    invariant: 'I4',
    name: 'an upload goes, and the source that waited for it stays',
    async commit(scene) {
      const { owner } = await scene.victim();
      const { upload } = await begin(scene.turn('wait', owner), 'gone-101');
      await scene.changeRow('DELETE FROM uploads WHERE tenant_id = $1 AND upload_id = $2', [
        owner.tenantId,
        upload.uploadId,
      ]);
    },
  },
  {
    invariant: 'I7',
    name: 'an upload that was given up is completed all the same',
    async commit(scene) {
      const turn = scene.turn('give up', (await scene.victim()).owner);
      const { upload, bytes } = await begin(turn, 'gone-102');
      await turn.conclude(upload.op, 'upload', NEVER, { answer: null, attempts: 1, sourceId: null });
      if (!(await sendByUrl(turn, upload, bytes))) throw new Error('The bytes were not taken.');
    },
  },
];

async function begin(
  turn: Turn,
  id: string,
): Promise<{ readonly upload: UrlUpload; readonly bytes: Buffer }> {
  const { version, bytes } = newVersion(turn, [{ weight: 1, sizeBytes: 4096 }]);
  const subject = `${turn.owner.code}/${id}`;
  const upload = await beginByUrl(turn, { subject, id, version, saysSize: true, lifeSeconds: 900 });
  if (upload === null) throw new Error('The upload did not begin.');
  return { upload, bytes };
}
