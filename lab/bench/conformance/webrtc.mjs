// As much WebRTC as a client needs to make offers and answers in Node: nothing connects. In the place of a native module
// that wants a compiler.
let made = 0;

export class RTCSessionDescription {
  constructor(description) {
    Object.assign(this, description);
  }
}

export class RTCIceCandidate {}

export class RTCPeerConnection {
  signalingState = 'stable';
  iceGatheringState = 'new';
  iceConnectionState = 'new';
  connectionState = 'new';

  createDataChannel() {
    return { readyState: 'connecting', bufferedAmount: 0, close() {}, send() {} };
  }

  async createOffer() {
    return { type: 'offer', sdp: `v=0\r\ns=offer ${(made += 1)}\r\n` };
  }

  async createAnswer() {
    return { type: 'answer', sdp: `v=0\r\ns=answer ${(made += 1)} to ${this.remoteDescription.sdp}` };
  }

  async setLocalDescription(description) {
    this.localDescription = description;
    setImmediate(() => this.onicecandidate?.({ candidate: null }));
  }

  async setRemoteDescription(description) {
    this.remoteDescription = description;
  }

  async addIceCandidate() {}

  async getStats() {
    return new Map();
  }

  close() {}
}

export default { RTCSessionDescription, RTCIceCandidate, RTCPeerConnection };
