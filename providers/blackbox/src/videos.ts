import { type Operation, type VideoRequest, type VideoResponse } from '@llmproxy/provider-kit'
import { mediaAnswer, mediaRequest, mediaUrl, reportDropped } from './media-over-chat.ts'

type Videos = Operation<VideoRequest, VideoResponse, never>

/** Videos through chat: the answer comes when the video is there, which takes minutes. */
export function videosOverChat(path: string): Videos {
  return {
    request(call) {
      reportDropped(call, ['model', 'prompt', 'stream'])
      return mediaRequest(call, path)
    },
    response: (body, call) => {
      const { created, url } = mediaUrl(body, call)
      return { created, data: [{ url }] }
    },
  }
}

/** Videos by a path of their own. */
export const videos: Videos = {
  request(call) {
    reportDropped(call, ['model', 'prompt', 'stream'])
    return { path: '/v1/videos/generations', body: { model: call.model, prompt: call.body.prompt } }
  },
  response: mediaAnswer,
}
