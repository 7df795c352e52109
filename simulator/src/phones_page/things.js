// Pictures and sounds to send, made here, so that a demo needs no files.

/** What a file holds, as the simulator takes it. */
export function base64(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(',')[1]);
    reader.onerror = failed;
    reader.readAsDataURL(blob);
  });
}

/** A picture out of nothing, so that a demo needs no files. */
export async function painted(hue, sign) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 320 });
  const brush = canvas.getContext('2d');
  const shade = brush.createLinearGradient(0, 0, 320, 320);
  shade.addColorStop(0, `hsl(${hue} 70% 78%)`);
  shade.addColorStop(1, `hsl(${hue + 40} 65% 52%)`);
  brush.fillStyle = shade;
  brush.fillRect(0, 0, 320, 320);
  brush.font = '140px sans-serif';
  brush.textAlign = 'center';
  brush.fillStyle = '#fff';
  brush.fillText(sign, 160, 210);
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
  return { name: `${sign}-${hue}.png`, mime: 'image/png', bytes: await base64(blob) };
}

/** A tenth of a second of silence, as a sound file. */
export async function silence() {
  const sound = new DataView(new ArrayBuffer(844));
  [...'RIFF____WAVEfmt '].forEach((letter, at) => sound.setUint8(at, letter.charCodeAt(0)));
  sound.setUint32(4, 836, true);
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, 8000, 4], [28, 8000, 4], [32, 1, 2], [34, 8, 2], [40, 800, 4]]
    .forEach(([at, value, width]) => (width === 4 ? sound.setUint32(at, value, true) : sound.setUint16(at, value, true)));
  [...'data'].forEach((letter, at) => sound.setUint8(36 + at, letter.charCodeAt(0)));
  new Uint8Array(sound.buffer).fill(128, 44);
  return { name: 'voice.wav', mime: 'audio/wav', bytes: await base64(new Blob([sound])) };
}
